"""The package that the embedded catalog's cloud models come from, by pip from whatever index this machine has."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlm_runner.core.catalog.store import Store
from mlm_runner.core.errors import ArtifactMissing
from mlm_runner.core.mlm.model import Artifact

HREF = "pkg:pypi/ukis-csmask@1.0.0#ukis_csmask/model_6b_l1c.onnx"
SHA256 = "aa79e9a0f02ff8e0243d93771d1daf6a8d1166b7ac06c3771560b83367c6c573"
"""Of the file in the publisher's wheel, by sha256sum."""


@pytest.mark.network
@pytest.mark.slow
def test_a_published_model_comes_out_of_its_package(tmp_path: Path, watch) -> None:
    artifact = Artifact("model", HREF, checksum=f"1220{SHA256}", size=39_603_414)
    try:
        path = Store(tmp_path).path(artifact, None, watch)
    except ArtifactMissing as error:
        if "check the network" not in str(error):
            raise
        pytest.skip(str(error))
    assert path.stat().st_size == 39_603_414
