using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using NUnit.Framework;
using SockConformance.Tests.Captures;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.EndToEnd;

/// <summary>A conversation that somebody captured is carried out again: FAILED where the server still does it, FIXED where it does not any more.</summary>
[TestFixture, Parallelizable(ParallelScope.Children)]
public sealed class CapturedConversations
{
    private static int clients = 70;

    private static readonly IReadOnlyList<string> Good = TargetProgram.Named("good/c_epoll.c").Command;
    private static readonly IReadOnlyList<string> GoodUdp = [.. TargetProgram.Named("good/python_udp.py").Command, "echo-udp"];

    /// <summary>Faults that a capture shows by itself, and one that only a spec tells from what is right.</summary>
    [TestCase("reset_on_close.c")]
    [TestCase("upper_case.py")]
    [TestCase("never_closes_after_eof.py")]
    [TestCase("stops_at_nul.c")]
    public async Task What_a_plain_capture_shows_fails_again_and_is_fixed_on_a_good_server(string name)
    {
        using var place = new Workplace();
        var faulty = TargetProgram.Named($"faulty/{name}").Command;
        var capture = Capture(place, faulty);
        var sockconf = new Sockconf(place);
        var again = await sockconf.Run(["replay", capture, "--", .. faulty]);
        Assert.That(Replays.Words(again), Is.EqualTo((string[])["FAILED"]), again.ToString);
        again.MustExit(1);
        var mended = await sockconf.Run(["replay", capture, "--", .. Good]);
        Assert.That(Replays.Words(mended), Is.EqualTo((string[])["FIXED"]), mended.ToString);
        mended.MustExit(0);
        mended.MustLeaveNothing();
    }

    /// <summary>More answers than questions, a server that is gone, answers from another port: each with or without the spec that it breaks.</summary>
    [TestCase("twice")]
    [TestCase("end_of_file")]
    [TestCase("new_socket", "--spec", "echo-udp")]
    [TestCase("end_of_file", "--spec", "echo-udp")]
    public async Task Datagrams_fail_again_and_are_fixed_on_a_good_server(string defect, params string[] spec)
    {
        using var place = new Workplace();
        IReadOnlyList<string> faulty = [.. TargetProgram.Named("faulty/udp_echo.py").Command, defect];
        var (capture, saved) = (Capture(place, faulty, datagrams: true), Path.Combine(place.Work, "saved.json"));
        var sockconf = new Sockconf(place);
        var again = await sockconf.Run(["replay", capture, .. spec, "--save", saved, "--", .. faulty]);
        Assert.That(Replays.Words(again), Is.EqualTo((string[])["FAILED"]), again.ToString);
        again.MustExit(1);
        foreach (var what in (string[][])[[capture, .. spec], [saved]])
        {
            var mended = await sockconf.Run(["replay", .. what, "--", .. GoodUdp]);
            Assert.That(Replays.Words(mended), Is.EqualTo((string[])["FIXED"]), mended.ToString);
            mended.MustExit(0);
        }
    }

    [Test]
    public async Task Datagrams_that_show_nothing_wrong_are_right_again_and_a_spec_is_learned_from_them()
    {
        using var place = new Workplace();
        var (capture, learned) = (Capture(place, GoodUdp, datagrams: true), Path.Combine(place.Work, "learned.yaml"));
        var sockconf = new Sockconf(place);
        (await sockconf.Run("init", learned, "--from", capture)).MustExit(0);
        Assert.That(File.ReadAllText(learned), Does.Contain("type: udp").And.Contain("transform: same"));
        var again = await sockconf.Run(["replay", capture, "--spec", learned, "--", .. GoodUdp]);
        Assert.That(Replays.Words(again), Is.EqualTo((string[])["FIXED"]), again.ToString);
        var worse = await sockconf.Run(["replay", capture, "--", .. TargetProgram.Named("faulty/udp_echo.py").Command, "greets"]);
        Assert.That(Replays.Words(worse), Is.EqualTo((string[])["CHANGED"]), worse.ToString);
        worse.MustExit(1);
    }

    [Test]
    public async Task With_a_spec_it_is_judged_by_that_and_saved_and_shrunk()
    {
        using var place = new Workplace();
        var faulty = TargetProgram.Named("faulty/reset_on_close.c").Command;
        var (capture, small) = (Capture(place, faulty), Path.Combine(place.Work, "small.json"));
        var sockconf = new Sockconf(place);
        var again = await sockconf.Run(["replay", capture, "--spec", "echo", "--shrink", "--save", small, "--", .. faulty]);
        Assert.That(Replays.Words(again), Is.EqualTo((string[])["FAILED"]), again.ToString);
        Assert.That(again.Output, Does.Match(@"smaller: \d+ steps became [2-4] "));
        var mended = await sockconf.Run(["replay", small, "--", .. Good]);
        Assert.That(Replays.Words(mended), Is.EqualTo((string[])["FIXED"]), mended.ToString);
        var failing = await sockconf.Run(["replay", small, "--", .. faulty]);
        Assert.That(Replays.Words(failing), Is.EqualTo((string[])["FAILED"]), failing.ToString);
    }

    [Test]
    public async Task What_shows_nothing_wrong_is_right_again_and_another_fault_is_a_change()
    {
        using var place = new Workplace();
        var capture = Capture(place, Good);
        var sockconf = new Sockconf(place);
        var again = await sockconf.Run(["replay", capture, "--", .. Good]);
        Assert.That(Replays.Words(again), Is.EqualTo((string[])["FIXED"]), again.ToString);
        var worse = await sockconf.Run(["replay", capture, "--", .. TargetProgram.Named("faulty/reset_on_close.c").Command]);
        Assert.That(Replays.Words(worse), Is.EqualTo((string[])["CHANGED"]), worse.ToString);
        worse.MustExit(1);
    }

    [Test]
    public async Task Our_own_evidence_says_what_it_is_judged_by()
    {
        using var place = new Workplace();
        var faulty = TargetProgram.Named("faulty/upper_case.py").Command;
        var sockconf = new Sockconf(place);
        var check = await sockconf.Check(["--profile", "quick", "--max-time", "60s", "--filter", "echo/data/unchanged"], faulty);
        var evidence = Path.Combine(place.Report, check.Results.Of("echo/data/unchanged").GetProperty("capture").GetString()!);
        var again = await sockconf.Run(["replay", evidence, "--", .. faulty]);
        again.MustExit(1);
        Assert.That(again.Output, Does.Contain("FAILED").And.Contain("echo/data/unchanged"));
        var mended = await sockconf.Run(["replay", evidence, "--", .. Good]);
        mended.MustExit(0);
    }

    [Test]
    public async Task A_saved_case_is_minimised_on_its_own()
    {
        using var place = new Workplace();
        var faulty = TargetProgram.Named("faulty/stops_at_nul.c").Command;
        var sockconf = new Sockconf(place);
        var check = await sockconf.Check(["--profile", "quick", "--max-time", "60s", "--no-shrink", "--filter", "echo/data/unchanged"], faulty);
        var saved = check.Results.Cases.Single();
        var outcome = await sockconf.Run(["minimise", saved, "-o", Path.Combine(place.Work, "less.json"), "--max-time", "20s", "--", .. faulty]);
        outcome.MustExit(1);
        Assert.That(new FileInfo(Path.Combine(place.Work, "less.json")).Length, Is.LessThan(new FileInfo(saved).Length), outcome.ToString);
    }

    [Test]
    public async Task Two_runs_are_compared()
    {
        using var place = new Workplace();
        var sockconf = new Sockconf(place);
        string[] quick = ["--profile", "quick", "--max-time", "60s", "--no-shrink", "--filter", "echo/data", "--filter", "tcp/close/no-reset"];
        var bad = await sockconf.Run(["check", "--spec", "echo", .. quick, "--report", Path.Combine(place.Work, "bad"), "--", .. TargetProgram.Named("faulty/reset_on_close.c").Command]);
        var good = await sockconf.Run(["check", "--spec", "echo", .. quick, "--report", Path.Combine(place.Work, "good"), "--", .. Good]);
        Assert.That((bad.Exit, good.Exit), Is.EqualTo((1, 0)));
        var worse = await sockconf.Run("diff", Path.Combine(place.Work, "good"), Path.Combine(place.Work, "bad"));
        worse.MustExit(1);
        Assert.That(worse.Output, Does.StartWith("new (").And.Contain("tcp/close/no-reset").And.Contain("pass → fail"));
        var better = await sockconf.Run("diff", Path.Combine(place.Work, "bad"), Path.Combine(place.Work, "good", "results.json"));
        better.MustExit(0);
        Assert.That(better.Output, Does.Contain("fixed (").And.Contain("fail → pass"));
        var same = await sockconf.Run("diff", Path.Combine(place.Work, "bad"), Path.Combine(place.Work, "bad"));
        same.MustExit(0);
        Assert.That(same.Output, Does.StartWith("still failing ("));
    }

    [TestCase("tls13-close-notify.pcapng", "TLS")]
    [TestCase("snap-length.pcap", "snap length")]
    [TestCase("udp-several-peers.pcap", "no TCP conversation", "--spec", "echo")]
    [TestCase("udp-several-peers.pcap", "that is UDP, and the spec is one of TCP", "--spec", "echo", "--flow", "1")]
    [TestCase("reused-after-close.pcapng", "--flow 9", "--flow", "9")]
    [TestCase("close-three-segments.pcapng", "no TCP or UDP conversation with 127.0.0.1:9", "--server", "127.0.0.1:9")]
    [TestCase("gap.pcap", "is not in the capture")]
    public async Task What_cannot_be_carried_out_again_is_told_in_one_line(string golden, string why, params string[] options)
    {
        using var place = new Workplace();
        var file = Directory.EnumerateFiles(GoldenIndex.Folder, Path.GetFileNameWithoutExtension(golden) + ".pcap*").Single();
        (await new Sockconf(place).Run(["replay", file, .. options, "--", .. Good])).MustRefuse(2, why);
    }

    /// <summary>A client's conversation with a server, captured by a program that knows nothing of us.</summary>
    private static string Capture(Workplace place, IReadOnlyList<string> command, bool datagrams = false)
    {
        if (!Environment.IsPrivilegedProcess) Assert.Ignore("the tests are not root, and dumpcap may capture nothing");
        Tools.Needs("dumpcap");
        var (port, client) = (FreePort(), $"127.0.0.{Interlocked.Increment(ref clients)}"); // others capture at the same time
        var file = Path.Combine(place.Work, "plain.pcapng");
        using var server = Start(command[0], [.. command.Skip(1).Select(word => word.Replace("{port}", $"{port}", StringComparison.Ordinal))]);
        using var dumpcap = Start("dumpcap", ["-q", "-i", "lo", "-f", datagrams ? $"udp port {port} or (udp and dst host {client}) or icmp" : $"tcp port {port}", "-w", file]);
        bool Answers() => datagrams ? Echoes(port) : Connects(port);
        try
        {
            // Connections are tried until one of them shows in the file: then the capture is under way.
            Until(() => File.Exists(file) && Answers() && new FileInfo(file).Length > 400);
            if (datagrams) Ask(port, client);
            else Talk(port, client);
            // The file is in order: when a later packet is in it, which no other is like, all before it are.
            var later = IPAddress.Parse(client.Replace("127.0.0.", "127.0.1.", StringComparison.Ordinal));
            Until(() => Calls(later, port, datagrams) && File.ReadAllBytes(file).AsSpan().IndexOf(later.GetAddressBytes()) >= 0);
        }
        finally
        {
            Signal(dumpcap);
            server.Kill(entireProcessTree: true);
            server.WaitForExit();
        }

        return Extracted(file, place, client);
    }

    private static void Talk(int port, string address)
    {
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 1000 };
        client.Bind(new IPEndPoint(IPAddress.Parse(address), 0));
        client.Connect(IPAddress.Loopback, port);
        var reply = new byte[4096];
        client.Send("hello "u8);
        client.Send("World\n"u8);
        try
        {
            for (var got = 0; got < 12;) got += client.Receive(reply) is > 0 and var more ? more : 12;
            client.Send(new byte[3000]);
            client.Shutdown(SocketShutdown.Send);
            while (client.Receive(reply) > 0) { }
        }
        catch (SocketException)
        {
            // It is a faulty server.
        }
    }

    /// <summary>Four datagrams, one of them empty, each after the answer to the one before, or after a while without.</summary>
    private static void Ask(int port, string address)
    {
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 300 };
        client.Bind(new IPEndPoint(IPAddress.Parse(address), 0));
        foreach (var request in (string[])["hello", "Hello World", "", "last"])
        {
            client.SendTo(System.Text.Encoding.ASCII.GetBytes(request), new IPEndPoint(IPAddress.Loopback, port));
            Answered(client);
        }
    }

    /// <summary>Sends something from this address, whatever becomes of it.</summary>
    private static bool Calls(IPAddress address, int port, bool datagrams)
    {
        using var caller = new Socket(AddressFamily.InterNetwork, datagrams ? SocketType.Dgram : SocketType.Stream, datagrams ? ProtocolType.Udp : ProtocolType.Tcp);
        caller.Bind(new IPEndPoint(address, 0));
        try
        {
            if (datagrams) caller.SendTo("later"u8, new IPEndPoint(IPAddress.Loopback, port));
            else caller.Connect(IPAddress.Loopback, port);
        }
        catch (SocketException)
        {
            // Its packet was sent all the same.
        }

        return true;
    }

    private static bool Echoes(int port)
    {
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 100 };
        client.SendTo("ready?"u8, new IPEndPoint(IPAddress.Loopback, port));
        return Answered(client);
    }

    private static bool Answered(Socket client)
    {
        try
        {
            EndPoint from = new IPEndPoint(IPAddress.Any, 0);
            return client.ReceiveFrom(new byte[4096], ref from) >= 0;
        }
        catch (SocketException)
        {
            return false; // nothing came in time
        }
    }

    /// <summary>Only the conversation of the one client.</summary>
    private static string Extracted(string file, Workplace place, string address)
    {
        var only = Path.Combine(place.Work, "one.pcap");
        using var tshark = Start("tshark", ["-r", file, "-Y", $"ip.addr=={address}", "-F", "pcap", "-w", only]);
        tshark.WaitForExit();
        Assert.That(new FileInfo(only).Length, Is.GreaterThan(400));
        return only;
    }

    private static void Signal(Process process)
    {
        using var kill = Start("kill", ["-INT", $"{process.Id}"]);
        kill.WaitForExit();
        process.WaitForExit();
    }

    private static bool Connects(int port)
    {
        try
        {
            using var probe = new TcpClient();
            probe.Connect(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static void Until(Func<bool> condition) =>
        Assert.That(SpinWait.SpinUntil(condition, TimeSpan.FromSeconds(30)), Is.True, "the capture did not get under way");

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Any, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private static Process Start(string program, IReadOnlyList<string> arguments) =>
        Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true })!;
}
