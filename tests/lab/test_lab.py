"""The analyst's desk in a real JupyterLab: the copy of the report runs, is seen whole, and one can go on from it."""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time

import pytest
from PIL import Image

import perfkit as pk

pytestmark = pytest.mark.browser

SETTINGS = """
name = "Acme"
currency = "EUR"
calendar = "FR"
observed_until = "2026-02-20"

[tables.sales]
files = "sales.csv"
[tables.sales.columns]
date = "date"
net_revenue = "net_revenue"
order_id = "order_id"
customer_id = "customer_id"
product_id = "product_id"
quantity = "quantity"
country = "country"

[segments.french]
bought = [{ column = "country", equals = "FR" }]
"""
DRILL = 'acme.drill("breakdown:country:2026-01:=FR")'
COMPARE = 'acme.compare("2026-01", "2025-12", by="country")'
ERRORS = ("application/vnd.jupyter.error", "application/vnd.jupyter.stderr")
WAIT = 90  # seconds: the kernel loads the libraries


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lab") / "acme"
    (folder / "exports").mkdir(parents=True)
    (folder / "company.toml").write_text(SETTINGS)
    rows = ["order_id,date,customer_id,product_id,country,quantity,net_revenue"]
    for month in range(26):
        day = f"{2024 + month // 12}-{1 + month % 12:02d}"
        for number in range(1, 9):
            country = ("FR", "BE", "IT")[number % 3]
            amount = 40 + 7 * number + 3 * month
            line = [f"o{month}-{number}", f"{day}-{number:02d}", f"C{number * (1 + month % 2)}", f"P{number % 4}"]
            rows.append(",".join([*line, country, "1", f"{amount}.50"]))
    (folder / "exports" / "sales.csv").write_text("\n".join(rows))
    pk.load(folder)
    return folder


@pytest.fixture(scope="module")
def lab(company, tmp_path_factory):
    """The address of the JupyterLab that `perfkit lab` opened, on the copy."""
    home = tmp_path_factory.mktemp("jupyter")
    config = {
        "ServerApp": {"open_browser": False, "ip": "127.0.0.1", "port": 0, "port_retries": 0},
        "LabApp": {"expose_app_in_browser": True, "extension_manager": "readonly", "open_browser": False},
    }
    for place in ("config", "runtime", "data", "settings", "workspaces"):
        (home / place).mkdir()
    (home / "config" / "jupyter_server_config.json").write_text(json.dumps(config))
    tracker = home / "settings" / "@jupyterlab" / "notebook-extension" / "tracker.jupyterlab-settings"
    tracker.parent.mkdir(parents=True)
    tracker.write_text('{"windowingMode": "none"}')  # all cells drawn, so that one screenshot shows them
    environment = os.environ | {
        "JUPYTER_TOKEN": "lab",
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
    }
    log = (home / "log").open("w+")
    command = [sys.executable, "-c", "from perfkit.cli import main; main()", "lab", str(company)]
    process = subprocess.Popen(
        command, env=environment, cwd=company.parent, stdout=log, stderr=log, start_new_session=True
    )
    try:
        yield _address(process, home / "runtime", log)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(20)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        log.close()


def _address(process, runtime, log):
    for _ in range(WAIT * 5):
        for found in runtime.glob("jpserver-*.json"):
            with contextlib.suppress(ValueError):
                return json.loads(found.read_text())["url"]
        assert process.poll() is None, _said(log)
        time.sleep(0.2)
    raise AssertionError(_said(log))


def _said(log):
    log.seek(0)
    return log.read()[-3000:]


@pytest.fixture(scope="module")
def page(chromium, lab):
    """The copy of the audit, open, with a kernel."""
    page = chromium.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.set_default_timeout(WAIT * 1000)
    page.goto(f"{lab}lab/tree/commercial_audit-1.ipynb?token=lab")
    page.wait_for_function("() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel")
    page.wait_for_function(IDLE)
    return page


KERNEL = "window.jupyterapp.shell.currentWidget.sessionContext.session.kernel"
IDLE = f"() => {KERNEL}.status === 'idle'"
DONE = "() => ![...document.querySelectorAll('.jp-InputPrompt')].some(each => each.textContent.includes('*'))"


def run(page, command):
    """Have JupyterLab do something, and wait until the kernel has nothing left to do."""
    page.evaluate("command => window.jupyterapp.commands.execute(command).then(() => null)", command)
    page.wait_for_function(DONE)
    page.wait_for_function(IDLE)


def typed(page, code):
    """A cell below the others, typed and run; what it shows."""
    run(page, "notebook:insert-cell-below")
    run(page, "notebook:enter-edit-mode")
    page.keyboard.insert_text(code)
    run(page, "notebook:run-cell")
    return page.locator(".jp-Notebook .jp-Cell").last.locator(".jp-OutputArea-output")


def seen(locator):
    """The boxes of what a locator finds, in pixels."""
    return [box for box in (each.bounding_box() for each in locator.all()) if box and box["width"] and box["height"]]


def brightness(picture):
    """The brightness of each pixel of a PNG, 0 to 255."""
    return list(Image.open(io.BytesIO(picture)).convert("L").tobytes())


def test_perfkit_lab_opens_the_last_complete_month_and_all_of_it_runs(page, tmp_path):
    source = page.locator(".jp-Notebook").inner_text()
    assert "2026-01" in source
    run(page, "notebook:run-all-cells")
    errors = page.locator(", ".join(f".jp-OutputArea-output[data-mime-type='{kind}']" for kind in ERRORS))
    assert errors.count() == 0, errors.first.inner_text()
    tables = page.locator(".jp-OutputArea-output table")
    assert len(seen(tables)) == tables.count() > 5
    charts = page.locator(".jp-OutputArea-output img")
    assert charts.count() > 3 and len(seen(charts)) == charts.count()
    assert all(width > 0 for width in charts.evaluate_all("all => all.map(each => each.naturalWidth)"))
    for theme in ("Light", "Dark"):
        page.evaluate(
            "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme}).then(() => null)",
            f"JupyterLab {theme}",
        )
        page.wait_for_function(f"() => document.body.dataset.jpThemeName === 'JupyterLab {theme}'")
        charts.first.scroll_into_view_if_needed()
        page.screenshot(path=tmp_path / f"{theme.lower()}.png")
        light = brightness(charts.first.screenshot(path=tmp_path / f"chart-{theme.lower()}.png"))
        dark_share = sum(each < 60 for each in light) / len(light)
        assert dark_share > 0.6 if theme == "Dark" else dark_share < 0.2, "a chart stands on the theme's own ground"
        assert max(light) > 180 and min(light) < 80, "and its words stand out from it"


def test_an_analyst_drills_and_compares_where_the_report_ends(page, tmp_path):
    drilled = typed(page, DRILL)
    assert not page.get_by_text("Jupyter news").count()  # nothing is asked of anybody
    table = drilled.locator("table").first
    table.wait_for()
    shown = table.inner_text()
    assert "sales.csv" in shown and "File" in shown and "Line" in shown
    wider = drilled.locator(".pk-scroll").first.evaluate("each => each.scrollWidth - each.clientWidth")
    assert wider <= 1, "the whole table is seen without scrolling"
    compared = typed(page, COMPARE)
    compared.locator("table").first.wait_for()
    text = compared.first.inner_text()
    assert "Jan 2026" in text or "January 2026" in text
    assert "a season may be the whole difference" in text
    page.screenshot(path=tmp_path / "typed.png")
