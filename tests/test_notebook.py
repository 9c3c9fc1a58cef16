from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[1] / "experiments"
nbformat = pytest.importorskip("nbformat", reason="THE NOTEBOOK IS NOT TESTED: pip install 'claimbasis[dev]'")
nbclient = pytest.importorskip("nbclient", reason="THE NOTEBOOK IS NOT TESTED: pip install 'claimbasis[dev]'")
pytest.importorskip("ipykernel", reason="THE NOTEBOOK IS NOT TESTED: pip install 'claimbasis[dev]'")
pytest.importorskip("matplotlib", reason="THE NOTEBOOK IS NOT TESTED: pip install 'claimbasis[train]'")


@pytest.fixture(scope="module")
def shown() -> list[dict[str, Any]]:
    """What the cells show, by kind, in order."""
    notebook = nbformat.read(FOLDER / "first-look.ipynb", as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells), "the notebook is kept without what it showed"
    done = nbclient.NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(FOLDER)}}).execute()
    outputs = [output for cell in done.cells for output in cell.get("outputs", [])]
    assert [output for output in outputs if output.output_type == "stream"] == []  # no warning, no rejected article
    return [output.data for output in outputs]


def test_the_notebook_runs_from_loading_to_a_chart(shown: list[dict[str, Any]]) -> None:
    predictions = [data["text/html"] for data in shown if "claimbasis fragment" in data.get("text/html", "")]
    assert len(predictions) == 2
    assert "<script" not in "".join(predictions)
    assert "score_anonymous_sourced" in shown[2]["text/html"]
    assert [data["image/png"][:8] for data in shown if "image/png" in data] == ["iVBORw0K"]
