"""The model registry: model folders as MLflow models, in versions that only a gate makes champion."""
