using NUnit.Framework;

namespace SockConformance.Tests.EndToEnd;

/// <summary>A command that never becomes a server is told in one line, with exit code 5: it is not a failing server.</summary>
[TestFixture, Parallelizable(ParallelScope.Children)]
public sealed class UnusableTargets
{
    private static readonly string[] Hasty = ["--time-scale", "0.3"];

    [Test]
    public async Task A_program_that_does_not_exist_is_named()
    {
        using var place = new Workplace();
        await Refuses(place, ["no-such-program", "{port}"], "there is no program 'no-such-program'");
        await Refuses(place, ["./no-such-program", "{port}"], "there is no program './no-such-program'");
    }

    [Test]
    public async Task A_file_that_may_not_be_executed_is_told_from_one_that_is_missing()
    {
        using var place = new Workplace();
        File.SetUnixFileMode(place.Write("server", "#!/bin/sh\n"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await Refuses(place, ["./server", "{port}"], "chmod +x ./server");
        await Refuses(place, ["/", "{port}"], "is a folder");
    }

    [Test]
    public async Task A_file_of_the_working_folder_is_found_for_who_forgot_the_dot()
    {
        using var place = new Workplace();
        place.Write("server", "#!/bin/sh\n");
        await Refuses(place, ["server", "{port}"], "./server");
    }

    [Test]
    public async Task A_text_without_an_interpreter_cannot_be_started()
    {
        using var place = new Workplace();
        place.Write("server", "this is no program\n");
        await Refuses(place, ["./server", "{port}"], "server");
    }

    [TestCase("exits_with_status_3", "exited with status 3", "settings.ini: no such file")]
    [TestCase("exits_silently", "exited with status 0", "printed nothing")]
    [TestCase("never_listens", "did not listen", "printed nothing")]
    [TestCase("listens_on_another_port", "127.0.0.1:7007", "{port}")]
    [TestCase("listens_on_udp_only", "did not listen on TCP port")]
    [TestCase("prints_without_end", "did not listen", "still warming up")]
    [TestCase("daemonises_before_listening", "went into the background", "foreground")]
    [TestCase("daemonises_after_listening", "went into the background", "foreground")]
    public async Task A_program_that_is_no_server_is_told_what_it_did_instead(string program, params string[] words)
    {
        using var place = new Workplace();
        await Refuses(place, Hostile.Command(program), words);
    }

    [TestCase("exits_with_status_3", "exited with status 3", "settings.ini: no such file")]
    [TestCase("exits_silently", "exited with status 0")]
    [TestCase("never_listens", "did not listen")]
    [TestCase("listens_on_another_port", "did not listen")]
    [TestCase("daemonises_before_listening", "went into the background")]
    public async Task It_is_told_so_without_a_sandbox_too(string program, params string[] words)
    {
        using var place = new Workplace();
        var outcome = await new Sockconf(place).Check([.. Hasty, "--sandbox", "off"], [.. Hostile.Command(program), place.Mark]);
        outcome.MustRefuse(5, words);
        outcome.MustLeaveNothing();
    }

    [Test]
    public async Task A_server_that_closes_its_listener_fails()
    {
        using var place = new Workplace();
        var outcome = await new Sockconf(place).Check(Sockconf.Brief, Hostile.Command("closes_its_listener"));
        outcome.MustExit(1);
        outcome.MustShowNoStackTrace();
        outcome.MustLeaveNothing();
    }

    private static async Task Refuses(Workplace place, IReadOnlyList<string> command, params IReadOnlyList<string> words)
    {
        var outcome = await new Sockconf(place).Check(Hasty, command);
        outcome.MustRefuse(5, words);
        outcome.MustLeaveNothing();
    }
}
