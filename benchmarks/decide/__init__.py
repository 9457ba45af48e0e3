"""The parts of bench_decide: one question a module."""
