"""Everything that claimbasis raises on purpose.

ClaimbasisError
 ├── InputError      an article could not be read: wrong kind of file, too large, not text
 ├── CorpusError     annotated data break a rule of the format or of the codebook
 ├── ModelError      a model folder is missing, damaged or of another version
 ├── ArchiveError    a labelling job over an archive cannot go on
 ├── RecipeError     a training recipe cannot be run as written
 └── SweepError      a sweep over recipes cannot go on

Each message names the place, what was found, what is allowed and the way out.
"""


class ClaimbasisError(Exception):
    """The root of the family: catch this to catch all that claimbasis raises on purpose."""


class InputError(ClaimbasisError):
    """An article could not be read."""


class CorpusError(ClaimbasisError):
    """Annotated data break a rule."""


class ModelError(ClaimbasisError):
    """A model folder cannot be used."""


class ArchiveError(ClaimbasisError):
    """A labelling job over an archive cannot go on; what it has finished stays valid."""


class RecipeError(ClaimbasisError):
    """A training recipe cannot be run as written."""


class SweepError(ClaimbasisError):
    """A sweep over recipes cannot go on; the trials that it has finished stay valid."""
