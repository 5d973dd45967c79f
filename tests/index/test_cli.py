"""`broadsheet index …` as a person at a shell, or a script, meets it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import index.__main__ as main
import index.build
import index.models.embedder
from index.settings import Settings
from index.store.database import writer_lock
from tests.index.archive import STORIES, HashedEmbeddings, run_build, write


@pytest.fixture
def shell(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Run a command in this process, which keeps its priority; the embedder costs nothing."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BROADSHEET_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("BROADSHEET_MODEL_DIR", str(settings.models))
    monkeypatch.setattr(main.os, "nice", lambda _: 0)
    monkeypatch.setattr(index.models.embedder, "MiniLMEmbeddings", HashedEmbeddings)
    return lambda *words, piped=None: CliRunner().invoke(
        main.cli, [str(word) for word in words], input=piped
    )


def test_build_of_good_files_ends_with_zero(shell, folder):
    done = shell("build", folder)
    assert done.exit_code == 0
    assert "added: 4" in done.stdout
    assert "of them undated: 1" in done.stdout
    assert "embedding: 4 of 4 articles" in done.stderr
    assert "\x1b" not in done.output
    assert shell("build", folder).exit_code == 0


def test_a_dry_run_tells_what_a_build_would_do_and_does_nothing(shell, folder):
    done = shell("build", folder, "--dry-run")
    assert done.exit_code == 0
    assert "added maui.txt\n" in done.stdout
    assert "added: 4" in done.stdout
    assert shell("status").exit_code == 2  # nothing is indexed
    shell("build", folder)
    (folder / "maui.txt").unlink()
    (folder / "empty.txt").write_text("")
    (folder / "bad\x1b[31mname.txt").write_text("News.")
    done = shell("build", folder, "--dry-run")
    assert done.exit_code == 1
    assert "removed maui.txt\n" in done.stdout
    assert f"skipped {folder}/empty.txt: empty" in done.stdout
    assert "added bad\\x1b[31mname.txt\n" in done.stdout
    assert "articles: 4" in shell("status").stdout
    assert shell("build", "--dry-run").exit_code == 2


def test_missing_ray_is_named_with_what_to_install(shell, folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    done = shell("build", folder, "--engine", "ray")
    assert done.exit_code == 2
    assert done.stderr == (
        "error: --engine ray needs Ray; install it with `pip install -r requirements-scale.txt`\n"
    )
    done = shell("build", folder, "--ray-address", "host:6379")
    assert done.exit_code == 2
    assert done.stderr == "error: --ray-address is for --engine ray\n"


def test_bad_files_are_named_with_their_reasons(shell, folder):
    (folder / "empty.txt").write_text("")
    (folder / "day.txt").write_text("date 2023-02-31 Never\n\nNo such day.\n")
    (folder / "bad\x1b[31mname.txt").write_text("")
    done = shell("build", folder)
    assert done.exit_code == 1
    assert f"skipped {folder}/empty.txt: empty" in done.stdout
    assert f"skipped {folder}/day.txt:1: impossible date '2023-02-31'" in done.stdout
    assert "bad\\x1b[31mname.txt" in done.stdout
    assert "\x1b" not in done.output
    assert f"skipped {folder}/empty.txt: empty" in shell("status").stdout


def test_nothing_done_ends_with_two(shell, tmp_path):
    (tmp_path / "none").mkdir()
    done = shell("build", tmp_path / "none")
    assert done.exit_code == 2
    assert "nothing was indexed" in done.stderr


def test_missing_folder_is_one_line_and_two(shell, tmp_path):
    done = shell("build", tmp_path / "absent")
    assert done.exit_code == 2
    assert done.stderr.strip().endswith("absent: no such file or folder")
    assert done.stderr.count("\n") == 1


def test_build_without_a_path_says_what_to_give(shell, folder, monkeypatch):
    assert shell("build").exit_code == 2
    shell("build", folder)
    done = shell("build")
    assert (done.exit_code, "broadsheet index build FOLDER" in done.stderr) == (2, True)
    monkeypatch.setattr(index.models.embedder, "TEMPLATE_VERSION", "next")
    assert "broadsheet index build" in shell("status").stderr
    done = shell("build")
    assert (done.exit_code, "changed: 4" in done.stdout) == (0, True)


def test_add_keeps_what_is_gone(shell, folder):
    shell("build", folder)
    (folder / "maui.txt").unlink()
    (folder / "new.txt").write_text("date 2023-09-11 Dams break\n")
    done = shell("add", folder / "new.txt")
    assert done.exit_code == 0
    assert "articles in the index: 5" in done.stdout


RECORDS = [
    '{"id": "a", "title": "Rain in Rome", "body": "It rained.", "date": "2023-05-01"}',
    '{"url": "https://example.org/oslo", "title": "Rain in Oslo", "body": "It poured."}',
    '{"title": "Rain anywhere", "body": "It may rain."}',
]


def test_records_are_piped_in_and_known_again(shell, folder):
    shell("build", folder)
    done = shell("add", "-", piped="\n".join(RECORDS))
    assert (done.exit_code, "added: 3" in done.stdout) == (0, True)
    other = RECORDS[0].replace("It rained.", "It snowed.")
    done = shell("add", "-", piped="\n".join([RECORDS[2], other, RECORDS[1]]))
    assert "added: 0" in done.stdout
    assert "changed: 1" in done.stdout
    assert "unchanged: 2" in done.stdout
    assert "articles in the index: 7" in shell("build", folder).stdout
    assert shell("remove", "a", "https://example.org/oslo").exit_code == 0


def test_bad_lines_are_named_and_the_rest_goes_in(shell):
    lines = [RECORDS[0], "{", "", '{"title": "No text"}', "[1]", RECORDS[0], RECORDS[1]]
    done = shell("add", "-", piped="\n".join(lines))
    assert (done.exit_code, "added: 2" in done.stdout) == (1, True)
    assert "skipped stdin:2: not JSON: " in done.stdout
    assert "; expected one JSON object a line" in done.stdout
    assert "skipped stdin:4: no text: expected a body" in done.stdout
    assert "skipped stdin:5: not an article: expected an object" in done.stdout
    assert "skipped stdin:1: 'a' stands again in line 6, which is taken" in done.stdout
    assert "skipped stdin:4" in shell("status").stdout
    shell("add", "-", piped=RECORDS[1])
    assert "skipped stdin" not in shell("status").stdout
    assert shell("add", "-", piped="").exit_code == 2


def test_piped_record_and_file_of_one_id_are_both_kept(shell, tmp_path):
    feed = write(tmp_path / "feed", {"rain.jsonl": "\n".join(RECORDS)})
    shell("build", feed)
    assert "added: 3" in shell("add", "-", piped="\n".join(RECORDS)).stdout
    assert "unchanged: 3" in shell("add", "-", piped="\n".join(RECORDS)).stdout
    assert shell("remove", "a", "stdin#a").exit_code == 0


def test_files_and_pipe_are_added_together(shell, folder):
    assert "added: 7" in shell("add", folder, "-", piped="\n".join(RECORDS)).stdout


def test_remove_names_unknown_ids(shell, folder):
    shell("build", folder)
    done = shell("remove", "maui.txt", "nobody.txt")
    assert done.exit_code == 1
    assert "1 articles removed, 3 left" in done.stdout
    assert "no article 'nobody.txt'" in done.stderr
    assert shell("remove", "maui.txt").exit_code == 2
    assert shell("remove", "sydney.txt").exit_code == 0


def test_status_as_json(shell, folder):
    assert shell("status").exit_code == 2  # nothing indexed yet
    shell("build", folder)
    found = json.loads(shell("status", "--json").stdout)
    assert (found["articles"], found["undated"], found["passages"]) == (4, 1, 4)
    assert (found["first"], found["last"]) == ("2023-06-18", "2023-08-20")
    assert found["undated_names"] == ["recipe.txt"]
    assert (found["recipe_current"], found["remedy"]) == (True, "")
    assert found["bytes"] > 10_000
    assert [(one["command"], one["added"]) for one in found["builds"]] == [("build", 4)]


def test_status_names_the_last_build(shell, folder):
    shell("build", folder)
    shell("remove", "maui.txt")
    (line,) = [one for one in shell("status").stdout.splitlines() if one.startswith("last build")]
    assert ", remove: 1 removed, " in line


def test_status_tells_what_may_be_one_story_twice(shell, folder):
    write(folder, {"maui-2.txt": "date 2023-08-09 Wildfire burns the town of Lahaina\n\nOne more."})
    write(folder, {"maui-3.txt": "date 2023-08-10 Wildfire burns the town of Lahaina\n\nLater."})
    write(folder, {"same.txt": STORIES["sydney.txt"], "undated.txt": STORIES["recipe.txt"]})
    shell("build", folder)
    status = shell("status").stdout
    assert "identical to another: 2\n" in status
    assert "same headline and day, other text: 2 in 1 groups\n" in status


def test_verify_tells_sound_from_damaged(shell, folder, settings):
    shell("build", folder)
    done = shell("verify")
    assert (done.exit_code, done.stdout.strip()) == (0, "the index is sound")
    for path in (settings.index_dir / "words").iterdir():
        path.unlink()
    done = shell("verify")
    assert done.exit_code == 1
    assert "run `broadsheet index verify --repair`" in done.stdout
    assert shell("build", "--again").exit_code == 0
    assert shell("verify").exit_code == 0


def test_repair_says_what_it_mended(shell, folder, settings):
    shell("build", folder)
    for path in (settings.index_dir / "words").iterdir():
        path.unlink()
    done = shell("verify", "--repair")
    assert (done.exit_code, "mended words: the lexical index in " in done.stdout) == (0, True)
    assert done.stdout.endswith("the index is sound\n")
    assert shell("verify").exit_code == 0


def test_rollback_says_what_it_brought_back(shell, folder):
    assert shell("rollback").exit_code == 2
    shell("build", folder)
    done = shell("rollback")
    assert (done.exit_code, "there is nothing to go back to" in done.stderr) == (2, True)
    assert "rollback goes to: nothing earlier is kept\n" in shell("status").stdout
    shell("remove", "maui.txt")
    assert "rollback goes to: generation 1\n" in shell("status").stdout
    done = shell("rollback")
    assert done.exit_code == 0
    assert done.stdout.startswith("back to generation 1 of ")
    assert "1 articles brought back, 0 taken out, 0 as they were before; 4 articles" in done.stdout


def test_locked_index_names_the_process(shell, folder, settings):
    with writer_lock(settings):
        done = shell("build", folder)
    assert done.exit_code == 2
    assert "the index is being written by process" in done.stderr


def test_mistyped_setting_is_refused(shell, folder, monkeypatch):
    monkeypatch.setenv("BROADSHEET_DATADIR", "x")
    done = shell("status")
    assert (done.exit_code, "did you mean BROADSHEET_DATA_DIR?" in done.stderr) == (2, True)


def test_interrupted_build_says_that_it_goes_on(shell, folder, monkeypatch, settings, hashed):
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(HashedEmbeddings, "embed", interrupt)
    done = shell("build", folder)
    assert done.exit_code == 130
    assert "the same command goes on from here" in done.stderr
    monkeypatch.undo()
    assert run_build(settings, hashed, folder).added == 4


@pytest.mark.parametrize(
    "name", ["", "build", "add", "remove", "status", "verify", "rollback", "watch"]
)
def test_every_command_has_help(shell, name):
    done = shell(*name.split(), "--help")
    assert done.exit_code == 0
    assert "Usage: " in done.stdout
