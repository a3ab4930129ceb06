using System.Net;
using NUnit.Framework;
using SockConformance.Model;
using SockConformance.Targets;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Processes;

/// <summary>Programs that are started when a scenario says so.</summary>
public class ClientTargetTests
{
    [Test]
    public void Each_start_is_kept_with_its_end_and_output()
    {
        using var target = Client("sh", "-c", "echo told {port} at {host}; exit 3");
        Assert.That(target.State.Runs, Is.Empty);
        foreach (var start in (int[])[1, 2])
        {
            Assert.That(target.Launch(), Is.Null);
            Assert.That(target.AwaitExit(ConnectedPair.Enough, CancellationToken.None), Is.True);
            Assert.That(target.State.Runs, Has.Length.EqualTo(start));
        }

        Assert.That(target.State.Runs.Select(run => (run.End!.ExitCode, run.Output)), Is.All.EqualTo(((int?)3, "told 7777 at 127.0.0.1\n")));
        Assert.That((target.State.End!.ExitCode, target.State.Output), Is.EqualTo(((int?)3, "told 7777 at 127.0.0.1\n")));
        Assert.That(target.Endpoint, Is.EqualTo(new IPEndPoint(IPAddress.Loopback, 7777)));
    }

    [Test]
    public void A_signal_is_seen_as_one()
    {
        using var target = Client("sh", "-c", "kill -SEGV $$");
        target.Launch();
        target.AwaitExit(ConnectedPair.Enough, CancellationToken.None);
        Assert.That(target.State.Runs.Single().End!.Signal, Is.EqualTo(11));
    }

    [Test]
    public void One_that_still_runs_has_no_end_and_is_ended_with_the_case()
    {
        var target = Client("sleep", "1000");
        target.Launch();
        Assert.That(target.AwaitExit(TimeSpan.Zero, CancellationToken.None), Is.False);
        Assert.That(target.State.Runs.Single().End, Is.Null);
        var seen = Clock.Until(target.Sample, ConnectedPair.Enough, CancellationToken.None);
        Assert.That(seen, Has.Property("Processes").EqualTo(1));
        target.Dispose();
        Assert.That(target.Sample(), Is.Null);
    }

    [Test]
    public void One_that_still_runs_can_be_stopped()
    {
        using var target = Client("sleep", "1000");
        target.Launch();
        Clock.Until(target.Sample, ConnectedPair.Enough, CancellationToken.None);
        Assert.That(target.Stop(CancellationToken.None), Is.Null);
        Assert.That(target.State.End!.Signal, Is.EqualTo(15));
    }

    [Test]
    public void It_belongs_to_one_case()
    {
        using var target = Client("true");
        Assert.That((target.Alive, target.Sample(), target.AwaitExit(TimeSpan.Zero, CancellationToken.None)), Is.EqualTo((false, (ProcessSample?)null, false)));
    }

    [Test]
    public void A_program_that_does_not_exist_is_named() => Assert.That(() => Client("no-such-program"), Throws.TypeOf<TargetException>().With.Message.Contains("no-such-program"));

    private static ClientTarget Client(params string[] words) => new(new TargetCommand([.. words], "/", []), 7777, () => new OpenBox(), new LaunchPatience(ConnectedPair.Enough, ConnectedPair.Enough));
}
