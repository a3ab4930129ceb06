using NUnit.Framework;
using SockConformance.Cli;

namespace SockConformance.Tests.Report;

/// <summary>The words of the command line that are more than words: times, seeds, filters, near misses.</summary>
public class CommandLineTests
{
    [TestCase("500ms", 500)]
    [TestCase("2s", 2_000)]
    [TestCase("1.5m", 90_000)]
    [TestCase("1h", 3_600_000)]
    [TestCase("0.5s", 500)]
    [TestCase("24h", 86_400_000)]
    public void A_time_has_a_number_and_a_unit(string text, int milliseconds) =>
        Assert.That(Options.Duration(text, "--timeout"), Is.EqualTo(TimeSpan.FromMilliseconds(milliseconds)));

    [TestCase("")]
    [TestCase("2")]
    [TestCase("s")]
    [TestCase("2 s")]
    [TestCase("-2s")]
    [TestCase("+2s")]
    [TestCase("0s")]
    [TestCase("2S")]
    [TestCase("2sec")]
    [TestCase("1,5s")]
    [TestCase("1e3s")]
    [TestCase(".5s")]
    [TestCase("٢s", Description = "a digit of another script")]
    [TestCase("2s\n")]
    [TestCase("25h")]
    [TestCase("99999999999999999999s")]
    [TestCase("NaNs")]
    public void Anything_else_is_refused_with_the_name_of_its_option(string text) =>
        Assert.That(Assert.Throws<UsageException>(() => Options.Duration(text, "--timeout"))?.Message, Does.StartWith("--timeout"));

    [Test]
    public void A_time_with_more_digits_than_any_number_holds_is_refused() =>
        Assert.Throws<UsageException>(() => Options.Duration(new string('9', 400) + "s", "--timeout"));

    [Test]
    public void No_time_is_none() => Assert.That(Options.Duration(null, "--timeout"), Is.Null);

    [TestCase("0", 0ul)]
    [TestCase("24301", 24301ul)]
    [TestCase("0x5EED", 0x5EEDul)]
    [TestCase("0X5eed", 0x5EEDul)]
    [TestCase("18446744073709551615", ulong.MaxValue)]
    [TestCase("0xFFFFFFFFFFFFFFFF", ulong.MaxValue)]
    public void A_seed_is_a_whole_number_in_one_of_two_forms(string text, ulong seed) =>
        Assert.That(Options.SeedOf(text), Is.EqualTo(seed));

    [TestCase("")]
    [TestCase("0x")]
    [TestCase("-1")]
    [TestCase("+1")]
    [TestCase(" 1")]
    [TestCase("1.0")]
    [TestCase("5EED")]
    [TestCase("0x-1")]
    [TestCase("0x1_000")]
    [TestCase("18446744073709551616")]
    [TestCase("0x10000000000000000")]
    public void No_other_text_is_a_seed(string text) =>
        Assert.That(Assert.Throws<UsageException>(() => Options.SeedOf(text))?.Message, Does.StartWith("--seed"));

    [Test]
    public void The_seed_that_a_report_shows_can_be_given_again() =>
        Assert.That(Options.SeedOf(Shared.Runs.Header.SeedText), Is.EqualTo(Shared.Runs.Header.Seed));

    [TestCase("tcp/close/no-reset", true)]
    [TestCase("tcp/close", true)]
    [TestCase("tcp", true)]
    [TestCase("close", false)]
    [TestCase("TCP", false)]
    [TestCase("*/close/*", true)]
    [TestCase("*reset", true)]
    [TestCase("tcp/*/no-reset", true)]
    [TestCase("tcp*", true)]
    [TestCase("*/close", false)]
    [TestCase("*", true)]
    public void A_filter_is_a_beginning_or_a_pattern(string filter, bool matches) =>
        Assert.That(Options.Matches("tcp/close/no-reset", [filter]), Is.EqualTo(matches));

    [Test]
    public void Without_a_filter_everything_matches() => Assert.That(Options.Matches("tcp/close/no-reset", []), Is.True);

    [Test]
    public void One_filter_of_several_is_enough() => Assert.That(Options.Matches("tcp/close/no-reset", ["echo/", "tcp/close"]), Is.True);

    [TestCase("ecoh", "; did you mean echo?")]
    [TestCase("echo-tsl", "; did you mean echo-tls?")]
    [TestCase("daytimes", "; did you mean daytime?")]
    [TestCase("something-else-entirely", "")]
    public void A_word_that_is_nearly_known_is_guessed(string word, string guess) =>
        Assert.That(ConformanceCli.Nearest(word, ["echo", "echo-tls", "daytime"]), Is.EqualTo(guess));

    [Test]
    public void Where_nothing_is_known_nothing_is_guessed() => Assert.That(ConformanceCli.Nearest("echo", []), Is.Empty);

    [Test]
    public void The_exit_codes_never_change() => Assert.That(
        (Exit.Holds, Exit.Violated, Exit.Usage, Exit.HarnessFailed, Exit.NothingRan, Exit.TargetUnusable, Exit.EnvironmentLacks, Exit.Undecided, Exit.Interrupted(2), Exit.Interrupted(15)),
        Is.EqualTo((0, 1, 2, 3, 4, 5, 6, 7, 130, 143)));
}
