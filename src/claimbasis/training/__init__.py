"""From a recipe to a model folder: everything that needs torch, transformers or MLflow."""
