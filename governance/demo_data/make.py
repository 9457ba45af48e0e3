"""Writes the demo's tables and model from the tables inside the scikit-learn wheel.

Run `python governance/demo_data/make.py`: the same bytes come out every time. The fit is a
convex problem with one solution and is rounded, so it does not hang on the machine or version.
"""

import csv
import hashlib
import io
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

HERE = Path(__file__).parent
TABLE = "breast_cancer/breast_cancer.csv"
SEED = 20
TEST_SHARE = 0.2
PENALTY = 1.0
DIGITS = 6


def breast_cancer() -> bytes:
    table = load_breast_cancer()
    names = [name.replace(" ", "_") for name in table.feature_names]
    diagnoses = [str(table.target_names[target]) for target in table.target]
    return _csv([*names, "diagnosis"], table.data, diagnoses)


def diabetes() -> bytes:
    table = load_diabetes(scaled=False)
    return _csv([*table.feature_names, "progression"], table.data, map(_number, table.target))


def model(table: bytes) -> tuple[bytes, bytes]:
    """The coefficients and the facts of their training, from the table as it was written."""
    header, *rows = csv.reader(io.StringIO(table.decode()))
    values = np.array([row[:-1] for row in rows], dtype=float)
    malignant = np.array([row[-1] == "malignant" for row in rows])
    train, test = train_test_split(
        np.arange(len(rows)), test_size=TEST_SHARE, random_state=SEED, stratify=malignant
    )
    coefficients = _fit(header[:-1], values[train], malignant[train])
    metrics = _measure(coefficients, values[test], malignant[test])
    written = _json({**coefficients, "accuracy": metrics["accuracy"], "split_seed": SEED})
    return written, _json(_facts(table, written, metrics, len(train)))


def _fit(features: list[str], values: Any, malignant: Any) -> dict[str, Any]:
    means = _rounded(values.mean(axis=0))
    scales = _rounded(values.std(axis=0))
    scaled = (values - means) / scales
    fitted = LogisticRegression(C=PENALTY, solver="newton-cholesky", tol=1e-10).fit(
        scaled, malignant
    )
    return {
        "kind": "logistic_regression",
        "predicts": "probability that diagnosis is malignant",
        "formula": "1 / (1 + exp(-(intercept + sum(coefficients * (x - means) / scales))))",
        "threshold": 0.5,
        "features": features,
        "means": means,
        "scales": scales,
        "coefficients": _rounded(fitted.coef_[0]),
        "intercept": _rounded(fitted.intercept_)[0],
    }


def _measure(model: dict[str, Any], values: Any, malignant: Any) -> dict[str, float | int]:
    """Of the rounded numbers that are written, not of the fit they come from."""
    scaled = (values - model["means"]) / model["scales"]
    said = scaled @ np.array(model["coefficients"]) + model["intercept"] >= 0  # same as p ≥ 0.5
    return {
        "accuracy": round(float((said == malignant).mean()), 4),
        "true_malignant": int((said & malignant).sum()),
        "false_malignant": int((said & ~malignant).sum()),
        "true_benign": int((~said & ~malignant).sum()),
        "false_benign": int((~said & malignant).sum()),
    }


def _facts(
    table: bytes, written: bytes, metrics: dict[str, float | int], trained: int
) -> dict[str, Any]:
    tested = sum(int(count) for name, count in metrics.items() if name != "accuracy")
    return {
        "trained_on": {
            "path": Path(TABLE).name,
            "sha256": hashlib.sha256(table).hexdigest(),
            "rows": trained + tested,
        },
        "split": {"kind": "stratified", "seed": SEED, "train_rows": trained, "test_rows": tested},
        "method": {
            "library": "scikit-learn",
            "estimator": "LogisticRegression",
            "solver": "newton-cholesky",
            "penalty": "l2",
            "C": PENALTY,
            "scaling": "mean and standard deviation of the train rows",
            "rounding": f"{DIGITS} significant digits",
        },
        "held_out": metrics,
        "model": {"path": "coefficients.json", "sha256": hashlib.sha256(written).hexdigest()},
    }


def _csv(header: list[str], rows: Any, targets: Any) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(
        [*map(_number, row), target] for row, target in zip(rows, targets, strict=True)
    )
    return text.getvalue().encode()


def _number(value: float) -> str:
    """The shortest text that reads back as the same number."""
    return str(np.format_float_positional(value, trim="-"))


def _rounded(values: Any) -> list[float]:
    return [float(f"{value:.{DIGITS}g}") for value in values]


def _json(content: dict[str, Any]) -> bytes:
    return (json.dumps(content, indent=2) + "\n").encode()


def main(folder: Path) -> None:
    table = breast_cancer()
    coefficients, training = model(table)
    files = {
        TABLE: table,
        "diabetes/diabetes.csv": diabetes(),
        "breast_cancer_model/coefficients.json": coefficients,
        "breast_cancer_model/training.json": training,
    }
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
