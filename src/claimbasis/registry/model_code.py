"""The model as MLflow runs it. MLflow copies this file into every registered model and executes it: nobody imports it."""

from __future__ import annotations

from typing import Any

import mlflow
import pandas

from claimbasis.inference.classifier import Classifier
from claimbasis.registry.frames import predict_frame


class StatementModel(mlflow.pyfunc.PythonModel):  # type: ignore[misc]  # MLflow has no types
    """Frames in, frames out, as `claimbasis.registry.frames.predict_frame` explains."""

    def load_context(self, context: Any) -> None:  # noqa: ANN401  # MLflow insists on the name `context`
        """Loads the model folder, once for each device that is asked for."""
        self._folder = context.artifacts["model"]
        self._classifiers = {"cpu": Classifier.load(self._folder)}

    def predict(self, context: Any, model_input: pandas.DataFrame, params: dict[str, Any] | None = None) -> Any:  # noqa: ANN401
        """Labels a frame; parameters that are not given have the signature's defaults."""
        options = dict(params or {})
        device = options.pop("device", "cpu")
        if device not in self._classifiers:
            self._classifiers[device] = Classifier.load(self._folder, device=device)
        return predict_frame(self._classifiers[device], model_input, **options)


# Models-from-code: how MLflow learns which object of an executed file is the model.
mlflow.models.set_model(StatementModel())
