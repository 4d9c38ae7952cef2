"""The report in a real browser, a headless Chromium, clicked through as wide as a desktop and as a phone."""

import os
import re
import shutil

import pytest
from folders import log, result, sampled, written
from logs import SICK, logged

from ganctl import cli

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
DRIVER = os.environ.get("CHROMEDRIVER") or shutil.which("chromedriver")
selenium = pytest.importorskip("selenium", reason="no selenium; install it: pip install selenium")
if not CHROMIUM or not DRIVER:
    pytest.skip("no Chromium and chromedriver; set CHROMIUM and CHROMEDRIVER", allow_module_level=True)

from selenium import webdriver  # noqa: E402
from selenium.webdriver.common.action_chains import ActionChains  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402
from selenium.webdriver.support.ui import WebDriverWait  # noqa: E402

WIDTHS = {"desktop": 1280, "phone": 390}
OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for option in (*OPTIONS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield browser
    browser.quit()


@pytest.fixture(params=WIDTHS)
def browser(request, chromium):
    """The browser at one width; afterwards it has complained of nothing and fetched nothing."""
    width = WIDTHS[request.param]
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": request.param == "phone"}
    chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    show(chromium, "light")
    for kind in ("browser", "performance"):
        chromium.get_log(kind)
    yield chromium
    assert chromium.get_log("browser") == []
    asked = re.findall(
        r'"url":"(\w+):', " ".join(each["message"] for each in chromium.get_log("performance"))
    )
    assert asked and set(asked) <= {"file", "data", "about", "blob"}


@pytest.fixture
def run(outputs, tmp_path):
    """The report of a sick run, as an address."""
    made = result(8.25), result(7.5, checkpoint="best", step=1000)
    path = written(outputs, "mnist-lsgan", "model=lsgan", "trainer.batch_size=17", results=made)
    lines = logged(6000, **SICK["mode collapse"])
    log(path, [{**line, "fid/fid": 20.0} if line["step"] % 500 == 0 else line for line in lines])
    sampled(path, range(0, 6001, 1000), size=(200, 200))
    assert cli.main(["report", "mnist-lsgan"]) == 0
    return (path / "report.html").as_uri()


@pytest.fixture
def sweep(outputs):
    """The report of a sweep with a long name and many settings, as an address."""
    name = f"sweep/{'optimizer.generator.learning_rate=0.0002,' * 4}"
    for seed in (0, 1):
        words = ["loss=hinge", "optimizer.discriminator.learning_rate=0.004", "trainer.batch_size=8"]
        sampled(
            written(outputs, f"{name}{seed}", *words, "network.generator.filters=[8,8]", seed=seed), [500]
        )
    sampled(written(outputs, "sweep/plain"), [500])
    assert cli.main(["report", "sweep"]) == 0
    return (outputs / "sweep/report.html").as_uri()


def show(browser, scheme):
    """Let the browser prefer a colour scheme, and pages that scroll at once."""
    wanted = {"prefers-color-scheme": scheme, "prefers-reduced-motion": "reduce"}
    features = [{"name": name, "value": value} for name, value in wanted.items()]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def one(browser, css):
    return browser.find_element(By.CSS_SELECTOR, css)


def fits(browser):
    """Return whether nothing sticks out of the page to the right."""
    return browser.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")


def wait(browser, condition):
    return WebDriverWait(browser, 20, poll_frequency=0.05).until(lambda _: condition())


def test_the_slider_goes_through_the_grids_by_mouse_keys_and_play(browser, run):
    browser.get(run)
    step, frame, slider = one(browser, "#frame-step"), one(browser, "#frame"), one(browser, "#slider")
    assert step.text == "step 6,000" and fits(browser)
    last = frame.get_attribute("src")
    one(browser, "body").send_keys(Keys.ARROW_LEFT)
    assert step.text == "step 5,000" and frame.get_attribute("src") != last
    one(browser, "body").send_keys(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    assert step.text == "step 6,000" and frame.get_attribute("src") == last
    ActionChains(browser).move_to_element(slider).click().perform()  # in its middle
    assert step.text == "step 3,000" and frame.get_attribute("alt") == "samples at step 3000"
    slider.send_keys(Keys.ARROW_LEFT)
    assert step.text == "step 2,000"
    play = one(browser, "#play")
    play.click()
    assert play.text == "Pause"
    wait(browser, lambda: step.text == "step 4,000")
    play.click()
    assert play.text == "Play"
    play.click()
    wait(browser, lambda: step.text == "step 6,000" and play.text == "Play")
    play.click()  # from the beginning once more
    wait(browser, lambda: step.text == "step 1,000")
    play.click()


def test_curves_say_their_values_where_they_are_pointed_at(browser, run):
    browser.get(run)
    plots = browser.find_elements(By.CSS_SELECTOR, ".chart")
    assert [one(plot, "h3").text for plot in plots][:2] == ["losses", "mean logits"]
    chart = plots[0]
    plot, before = one(chart, ".plot"), [each.text for each in chart.find_elements(By.CSS_SELECTOR, "li")]
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", plot)
    ActionChains(browser).move_to_element(plot).perform()
    found = int(re.search(r"step ([\d,]+)", one(chart, "h3").text)[1].replace(",", ""))
    assert 2500 < found < 3700 and one(chart, ".u-cursor-x").is_displayed()
    assert [each.text for each in chart.find_elements(By.CSS_SELECTOR, "li")] != before
    plot.send_keys(Keys.ARROW_RIGHT)
    assert f"step {found + 50:,}" in one(chart, "h3").text
    assert one(browser, "#frame-step").text == "step 6,000"  # the keys were the chart's


def test_dragging_over_steps_enlarges_them_and_a_double_click_shows_all(browser, run):
    browser.get(run)
    chart = browser.find_elements(By.CSS_SELECTOR, ".chart")[0]
    plot = one(chart, ".u-over")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", plot)
    whole = inked(browser, chart)
    assert whole > 0.005  # curves, axes and a dotted line are there
    mouse = ActionChains(browser).move_to_element_with_offset(plot, -60, 0).click_and_hold()
    mouse.move_by_offset(60, 0).release().perform()
    ActionChains(browser).move_to_element_with_offset(plot, -plot.size["width"] // 2 + 2, 0).perform()
    first = int(re.search(r"step ([\d,]+)", one(chart, "h3").text)[1].replace(",", ""))
    assert first > 1000
    ActionChains(browser).double_click(plot).perform()
    ActionChains(browser).move_to_element_with_offset(plot, -plot.size["width"] // 2 + 2, 0).perform()
    assert "step 50" in one(chart, "h3").text


def inked(browser, chart):
    """Return the share of a chart's pixels on which something is drawn."""
    return browser.execute_script(
        "const canvas = arguments[0].querySelector('canvas'), ink = canvas.getContext('2d')"
        ".getImageData(0, 0, canvas.width, canvas.height).data.filter((_, place) => place % 4 === 3);"
        "return ink.filter((each) => each > 0).length / ink.length",
        chart,
    )


def test_a_picture_that_is_clicked_fills_the_window(browser, run):
    browser.get(run)
    frame = one(browser, "#frame")
    frame.click()
    assert "large" in frame.get_attribute("class")
    assert frame.rect["width"] == browser.execute_script("return document.documentElement.clientWidth")
    frame.click()
    assert "large" not in frame.get_attribute("class")


def test_the_config_folds_to_what_differs_and_protocols_unfold(browser, run):
    browser.get(run)
    toggle, keys = one(browser, "#changed-only"), browser.find_elements(By.CSS_SELECTOR, "#config .key")
    phone = browser.execute_script("return innerWidth") < 760
    assert toggle.is_selected() is phone  # all keys are a long way to scroll there
    if not phone:
        assert sum(key.is_displayed() for key in keys) == len(keys) > 50
        toggle.click()
    assert [key.text.split("\n") for key in keys if key.is_displayed()] == [
        ["batch_size", "17", "default 64"]
    ]
    toggle.click()
    assert all(key.is_displayed() for key in keys) and fits(browser)
    protocol = one(browser, "#evaluation details")
    row = one(protocol, ".key")
    assert not row.is_displayed()
    one(protocol, "summary").click()
    assert row.is_displayed() and "extractor_sha256" in protocol.text and fits(browser)


def test_links_lead_to_their_sections(browser, run):
    browser.get(run)
    for link in browser.find_elements(By.CSS_SELECTOR, "nav a"):
        place = link.get_attribute("href").partition("#")[2]
        assert one(browser, f"#{place} h2").text == link.text
    link.click()
    wait(browser, lambda: browser.execute_script("return scrollY") > 100)


def test_a_thumbnail_of_the_leaderboard_leads_to_its_run(browser, sweep):
    browser.get(sweep)
    assert fits(browser)
    rows = browser.find_elements(By.CSS_SELECTOR, ".leaderboard tbody tr")
    thumbs = browser.find_elements(By.CSS_SELECTOR, ".thumb img")
    assert len(rows) == 2 and len(thumbs) == 3
    loaded = "return arguments[0].naturalWidth > 0 && arguments[0].src === arguments[1].src"
    for thumb in thumbs:
        picture = one(browser, f"#{thumb.get_attribute('data-from')} img")
        assert browser.execute_script(loaded, thumb, picture)
    thumbs[-1].click()
    place = thumbs[-1].get_attribute("data-from")
    assert browser.current_url.endswith(f"#{place}")
    wait(
        browser,
        lambda: one(browser, f"#{place}").rect["y"] <= browser.execute_script("return scrollY + innerHeight"),
    )
    chart = one(browser, ".chart")
    assert len(chart.find_elements(By.CSS_SELECTOR, ".legend li")) == 2 and inked(browser, chart) > 0.005


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_stand_out_from_their_ground(browser, run, scheme):
    show(browser, scheme)
    browser.get(run)
    colours = """
    const numbers = (text) => text.match(/[\\d.]+/g).map(Number);
    const ground = (node) => { for (; node; node = node.parentElement) {
      const found = numbers(getComputedStyle(node).backgroundColor);
      if (found.length === 3 || found[3] > 0) return found; } };
    return [...document.querySelectorAll("h1, p, dt, dd, a, th, td, button, summary, code, small, li, b")]
      .filter((node) => node.textContent.trim() && node.checkVisibility())
      .map((node) => [node.textContent.slice(0, 30), numbers(getComputedStyle(node).color), ground(node)]);
    """
    found = browser.execute_script(colours)
    assert len(found) > 80
    for text, ink, ground in found:
        assert contrast(ink, ground) >= 4.5, (text, ink, ground)
    body = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", body)[:3])) < 150) is (scheme == "dark")


def contrast(one, other):
    """Return the contrast of two colours as the Web's accessibility guidelines (WCAG 2) count it."""

    def luminance(colour):
        parts = [each / 255 for each in colour[:3]]
        bent = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts]
        return 0.2126 * bent[0] + 0.7152 * bent[1] + 0.0722 * bent[2]

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)
