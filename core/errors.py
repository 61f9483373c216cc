"""What can go wrong, each thing a caller treats differently as one class; every message is a sentence with a remedy.

The worker sends an error as its class's name and message, and the client raises the same class (`from_name`), so the
dock, Processing and the shell show one sentence.
"""

from __future__ import annotations


class MlmRunnerError(Exception):
    """The base of all errors that are explained to the user."""

    exit_status = 1


class ItemUnreadable(MlmRunnerError):
    """The file or address is no MLM Item, or one that can't be understood."""


class CatalogUnavailable(MlmRunnerError):
    """A catalog does not answer, or answers something else than STAC."""


class NotRunnable(MlmRunnerError):
    """The model is described, and can't be run here: it has no ONNX file, or names a step that can't be computed."""


class DoesNotFit(MlmRunnerError):
    """The model needs what the raster does not have."""

    exit_status = 3


class ArtifactMissing(MlmRunnerError):
    """The model's file can't be found or fetched."""


class ArtifactCorrupt(MlmRunnerError):
    """The model's file is not what the item says, or no ONNX model."""


class RasterUnreadable(MlmRunnerError):
    """The raster can't be opened or read."""


class ExtentOutside(MlmRunnerError):
    """The wanted extent and the raster have no pixel in common."""


class OutputNotWritable(MlmRunnerError):
    """The result can't be written: the folder, the rights or the disk's space."""


class RuntimeMissing(MlmRunnerError):
    """There is no Python environment with the engine's packages."""


class RuntimeInstallFailed(MlmRunnerError):
    """The engine's packages could not be installed."""


class WorkerDied(MlmRunnerError):
    """The worker process ended in the middle of something."""


class Cancelled(MlmRunnerError):
    """The user stopped it."""


class UsageError(MlmRunnerError):
    """An option or a combination of options that means nothing."""

    exit_status = 2


def from_name(name: str, message: str) -> MlmRunnerError:
    """Return the error whose class is called `name`; an unknown name gives the base class."""
    found = {c.__name__: c for c in MlmRunnerError.__subclasses__()}.get(name, MlmRunnerError)
    return found(message)
