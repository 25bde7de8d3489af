import pytest
from synthetic import Synthetic, whole_run


@pytest.fixture
def run(tmp_path):
    """A journal to be written by the test."""
    return Synthetic(tmp_path / "run").begin()


@pytest.fixture(scope="session")
def whole(tmp_path_factory):
    """The folder of a large run with every verdict; its reports are written."""
    from ocpp_tck.report.write import write_reports

    folder = whole_run(tmp_path_factory.mktemp("whole"))
    write_reports(folder)
    return folder
