"""What data may be used for: the taxonomy that requests, grants and conditions share."""

from django.db.models import TextChoices


class Purpose(TextChoices):
    MODEL_TRAINING = "model_training", "model training"
    MODEL_EVALUATION = "model_evaluation", "model evaluation"
    INFERENCE = "inference", "inference in production"
    ANALYTICS = "analytics", "analytics and reporting"
    RESEARCH = "research", "scientific research"
    QUALITY = "quality_assurance", "quality assurance"
    BIAS_DETECTION = "bias_detection", "detecting and correcting bias"
    CLINICAL_CARE = "clinical_care", "clinical care"
    PUBLIC_HEALTH = "public_health", "public health"
    SECURITY = "security", "security and fraud prevention"
    LEGAL = "legal_obligation", "legal obligation"
    MARKETING = "marketing", "marketing"
