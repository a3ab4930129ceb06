using NUnit.Framework;
using SockConformance.Model;
using SockConformance.Report.Html;
using SockConformance.Run;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Report.Html;

/// <summary>report.html in a real browser: one for all of these tests, a page for each.</summary>
[TestFixture, NonParallelizable]
public sealed class HtmlBrowserTests
{
    private const string Evil = "<script>window.owned=1</script><img src=x onerror='window.owned=1'></style></script>\" onclick=\"window.owned=1\" \u202e\0\ud800 javascript:window.owned=1";
    private readonly ReportFolder folder = new(), hostile = new();
    private Browser browser = null!;
    private string report = "", evil = "";

    [OneTimeSetUp]
    public async Task Begin()
    {
        browser = await Browser.Start();
        folder.With(Runs.Header, 1, ReportFolder.ResetSeen(), ReportFolder.FinMissing(), Runs.Result(Status.Pass, "echo/data/unchanged"), Runs.Result(Status.Pass, "echo/data/every-size"), Runs.Result(Status.Skip, "process/idle/no-busy-wait", "not observable"));
        report = HtmlReport.Write(folder.Path);
        var said = ReportFolder.Silence with { Target = ReportFolder.Silence.Target with { Output = Evil } };
        hostile.With(Runs.Header with { Target = Evil }, 1, ReportFolder.Failure("x/y", said, new Verdict.Violation(Evil, Evil, 4, Absence: true)), Runs.Result(Status.Skip, "x/z", Evil));
        evil = HtmlReport.Write(hostile.Path);
    }

    [OneTimeTearDown]
    public async Task End()
    {
        if (browser is not null) await browser.DisposeAsync();
        folder.Dispose();
        hostile.Dispose();
    }

    [Test]
    public async Task It_opens_from_disk_complains_of_nothing_and_asks_for_nothing()
    {
        await using var page = await browser.Open(report);
        Assert.That(await page.Value("document.title"), Does.StartWith("2 of 5 requirements are violated"));
        Assert.That(await page.Value("document.querySelectorAll('svg.ladder').length"), Is.EqualTo("2"));
        Assert.That(await page.Value("document.querySelector('svg.ladder').getBoundingClientRect().height > 200"), Is.EqualTo("true"));
        Assert.That(await page.Value("getComputedStyle(document.querySelector('.card')).borderLeftWidth"), Is.EqualTo("3px"), "the style is allowed to work");
        Assert.That(page.Complaints, Is.Empty);
        Assert.That(page.Requests, Is.EqualTo([new Uri(report).AbsoluteUri]));
    }

    [Test]
    public async Task Requirements_are_found_by_words_and_by_verdict_and_the_count_is_told()
    {
        await using var page = await browser.Open(report);
        await page.Type("#search", "DATA unchanged");
        Assert.That(await Shown(page), Is.EqualTo("echo/data/unchanged"));
        Assert.That(await page.Value("document.getElementById('shown').textContent"), Is.EqualTo("1 of 5 shown"));
        await page.Press("Escape", 27);
        Assert.That(await page.Value("document.getElementById('shown').textContent"), Is.EqualTo("5 of 5 shown"));
        await page.Value("document.querySelector('.chip.pass').click()");
        Assert.That(await Shown(page), Is.EqualTo("echo/data/unchanged echo/data/every-size"));
        await page.Value("document.querySelector('.chip.skip').click()");
        Assert.That(await Shown(page), Does.EndWith("process/idle/no-busy-wait"));
        Assert.That(await page.Value("document.querySelector('.chip.fail').getAttribute('aria-pressed')"), Is.EqualTo("false"));
        Assert.That(page.Complaints, Is.Empty);
    }

    [Test]
    public async Task What_a_target_says_does_nothing()
    {
        await using var page = await browser.Open(evil);
        Assert.That(await page.Value("document.body.textContent.includes('<script>window.owned=1</script>')"), Is.EqualTo("true"), "it is to be read");
        await page.Value("document.querySelectorAll('a, code, summary, td, p').forEach(one => one.closest('a[download], a[href*=cases]') || one.click())");
        Assert.That(await page.Value("window.owned"), Is.EqualTo("undefined"));
        Assert.That(await page.Value("document.querySelectorAll('script, style').length + ' ' + document.querySelectorAll('img').length"), Is.EqualTo("2 0"));
        Assert.That(page.Complaints, Is.Empty);
        Assert.That(page.Requests, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Even_a_script_that_got_in_would_not_run()
    {
        using var broken = new ReportFolder();
        broken.Write("report.html", (await File.ReadAllTextAsync(report)).Replace("<h1>", "<h1><script>window.owned=1</script><b onclick=\"window.owned=1\">x</b><img src=\"http://127.0.0.1:9/x\">", StringComparison.Ordinal));
        await using var page = await browser.Open(Path.Combine(broken.Path, "report.html"));
        await page.Value("document.querySelector('h1 b').click()");
        Assert.That(await page.Value("window.owned"), Is.EqualTo("undefined"));
        Assert.That(page.Complaints, Has.Some.Contain("Content Security Policy"));
    }

    [Test]
    public async Task Without_scripts_all_of_it_can_be_read()
    {
        await using var page = await browser.Open(report, scripts: false);
        var text = string.Join(' ', await Words(page));
        Assert.That(text, Does.Contain("2 of 5 requirements are violated").And.Contain("echo/data/unchanged").And.Contain("made smaller from 12 to 6 steps").And.Contain("SYN seq=0"));
        Assert.That(text, Does.Not.Contain("of 5 shown").And.Not.Contain("Copy"), "what needs a script is not offered");
    }

    [TestCase(1280)]
    [TestCase(390)]
    public async Task Wide_things_scroll_in_a_box_of_their_own(int width)
    {
        await using var page = await browser.Open(report, width);
        Assert.That(await page.Value("document.documentElement.scrollWidth <= innerWidth"), Is.EqualTo("true"));
        Assert.That(await page.Value("[...document.querySelectorAll('.scroll')].every(box => box.tabIndex === 0 && box.getAttribute('aria-label'))"), Is.EqualTo("true"));
    }

    [Test]
    public async Task It_is_light_or_dark_as_the_reader_has_it_and_can_be_read_in_both()
    {
        foreach (var (dark, paper) in ((bool, string)[])[(false, "rgb(255, 255, 255)"), (true, "rgb(20, 23, 27)")])
        {
            await using var page = await browser.Open(report, dark: dark);
            Assert.That(await page.Value("getComputedStyle(document.body).backgroundColor"), Is.EqualTo(paper));
            Assert.That(await page.Value(PoorContrast), Is.Empty, dark ? "dark" : "light");
            if (Environment.GetEnvironmentVariable("SOCKCONF_PICTURES") is { } pictures) await File.WriteAllBytesAsync(Path.Combine(pictures, $"{(dark ? "dark" : "light")}.png"), await page.Picture());
        }
    }

    /// <summary>Texts with less contrast to what is behind them than WCAG 2 asks for (4.5).</summary>
    private const string PoorContrast = """
        (() => {
            const numbers = color => color.match(/[\d.]+/g).map(Number);
            const light = color => numbers(color).slice(0, 3).map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4).reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
            const behind = one => { for (; one; one = one.parentElement) { const color = getComputedStyle(one).backgroundColor; if (numbers(color)[3] !== 0) return color; } return getComputedStyle(document.body).backgroundColor; };
            return [...document.querySelectorAll('p, dt, dd, td, th, li, span, code, a, summary, h1, h2, h3, h4, button')].filter(one => one.checkVisibility() && one.textContent.trim() && !one.closest('.none')).filter(one => {
                const [a, b] = [light(getComputedStyle(one).color), light(behind(one))].sort((x, y) => y - x);
                return (a + 0.05) / (b + 0.05) < 4.5;
            }).map(one => one.outerHTML.slice(0, 80)).join('\n');
        })()
        """;

    private static Task<string> Shown(BrowserPage page) => page.Value("[...document.querySelectorAll('#table tbody tr')].filter(row => !row.hidden).map(row => row.querySelector('code').textContent).join(' ')");

    /// <summary>What the browser shows, as it tells assistive technology: that needs no script in the page.</summary>
    private static async Task<IEnumerable<string>> Words(BrowserPage page) =>
        (await page.Ask("Accessibility.getFullAXTree"))["nodes"]!.AsArray().Where(node => !(bool)node!["ignored"]!).Select(node => (string?)node!["name"]?["value"]).OfType<string>();
}
