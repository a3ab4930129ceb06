using NUnit.Framework;
using SockConformance.Api;

namespace SockConformance.Tests.Api;

/// <summary>The model without any machine: what it makes of platforms that differ.</summary>
public class WorldTests
{
    [Test]
    public void Where_anything_goes_any_value_does()
    {
        var nowhere = new Answer(0, Errno.None) { Name = new Name(Name.Loopback, 0) };
        Assert.That(Bound(Profile.Posix).Judge("getsockname s0", nowhere)?.Point, Is.EqualTo(Point.GetsocknameEphemeral));
        Assert.That(Bound(With(Point.GetsocknameEphemeral, "*")).Judge("getsockname s0", nowhere), Is.Null);

        static Play Bound(Profile profile) => new Play(new World(profile)).Make("s0 = socket stream", 3).Make("bind s0 loopback", 0);
    }

    [Test]
    public void A_socket_whose_port_is_not_told_is_nobodys_destination()
    {
        var play = new Play(new World(With(Point.GetsocknameEphemeral, "*"))).Make("s0 = socket stream", 3).Make("bind s0 loopback", 0).Make("listen s0 2", 0);
        play.Make("getsockname s0", new Answer(0, Errno.None) { Name = default(Name) }).Make("s1 = socket stream", 4);
        Assert.That(play.World.Expect(Call.Parse("connect s1 @s0")).Skip);
    }

    [Test]
    public void The_other_host_is_judged_by_its_own_profile()
    {
        var play = new Play(new World(Profile.Posix, With(Point.SendNeverConnected, "EPIPE"))).Make("s0 = socket stream", 3).Make("s1 = socket stream at peer", 3);
        Assert.That(play.World.Expect(Call.Send(0, 3)).Allowed, Is.EqualTo(Answers.Of(Errno.ENOTCONN)));
        Assert.That(play.World.Expect(Call.Send(1, 3)).Allowed, Is.EqualTo(Answers.Of(Errno.EPIPE)));
    }

    [Test]
    public void After_a_connect_that_should_have_been_refused_nobody_knows()
    {
        var play = new Play(new World(With(Point.ConnectRefused, "0 ECONNREFUSED"))).Make("s0 = socket stream", 3).Make("bind s0 loopback", 0).Make("s1 = socket stream", 4).Make("connect s1 @s0", 0);
        Assert.That((play.World.StateOf(0), play.World.StateOf(1)), Is.EqualTo((ApiState.Unspecified, ApiState.Unspecified)));
    }

    [Test]
    public void After_a_deviation_without_bounds_nobody_knows()
    {
        var play = new Play(new World(With(Point.BindAlreadyBound, "*"))).Make("s0 = socket stream", 3).Make("bind s0 loopback", 0).Make("bind s0 loopback", Errno.EIO);
        Assert.That(play.World.StateOf(0), Is.EqualTo(ApiState.Unspecified));
    }

    [Test]
    public void Where_bind_listens_a_bound_socket_takes_connections()
    {
        var play = new Play(new World(With(Traits.BindListens))).Make("s0 = socket stream", 3).Make("bind s0 loopback", 0).Make("s1 = socket stream", 4).Make("connect s1 @s0", 0).Make("listen s0 0", 0);
        Assert.That(play.World.StateOf(1), Is.EqualTo(ApiState.Established));
        Assert.That(play.World.Expect(Call.Accept(2, 0)).Point, Is.EqualTo(Point.AcceptConnection));
    }

    [Test]
    public void Where_a_connect_is_asked_for_it_is_under_way_until_then()
    {
        var play = new Play(new World(With(Traits.ConnectIsAskedFor))).Make("s0 = socket stream", 3).Make("bind s0 loopback", 0).Make("listen s0 2", 0);
        play.Make("s1 = socket stream", 4).Make("nonblocking s1 on", 0).Make("connect s1 @s0", Errno.EINPROGRESS);
        Assert.That(play.World.Expect(Call.Send(1, 3)).Point, Is.EqualTo(Point.SendConnecting));
        play.Make("getsockopt s1 error", 0);
        Assert.That(play.World.Expect(Call.Send(1, 3)).Point, Is.EqualTo(Point.SendStream));
    }

    [TestCase(false, "EAGAIN or success")]
    [TestCase(true, "EAGAIN")]
    public void A_full_buffer_stays_full_only_if_its_size_was_set(bool isSet, string allowed)
    {
        var play = Connected(Profile.Posix);
        if (isSet) play.Make("setsockopt s1 sndbuf 4096", 0).Make("setsockopt s2 rcvbuf 4096", 0);
        play.Make("nonblocking s1 on", 0).Make("send s1 60000 nosignal", 60000).Make("send s1 60000 nosignal", Errno.EAGAIN);
        var expected = play.World.Expect(Call.Send(1, 10));
        Assert.That((expected.Point, expected.Allowed), Is.EqualTo((Point.SendFull, allowed.Contains("success", StringComparison.Ordinal) ? Answers.Success | Answers.Of(Errno.EAGAIN) : Answers.Of(Errno.EAGAIN))));
    }

    [Test]
    public void Data_for_a_side_that_is_shut_may_be_the_end_of_all()
    {
        var play = Connected(With(Traits.ShutReadResets)).Make("shutdown s1 rd", 0).Make("send s2 5 nosignal", 5);
        Assert.That((play.World.StateOf(1), play.World.StateOf(2)), Is.EqualTo((ApiState.Unspecified, ApiState.Unspecified)));
    }

    [TestCase("ECONNREFUSED", ApiState.DatagramRefused)]
    [TestCase("EAGAIN", ApiState.DatagramConnected)]
    public void An_unreachable_port_is_reported_where_the_platform_passes_it_on(string answers, ApiState state)
    {
        var play = new Play(new World(With(Point.RecvDatagramRefused, answers))).Make("s0 = socket dgram", 3).Make("connect s0 nobody", 0).Make("send s0 4", 4);
        Assert.That(play.World.StateOf(0), Is.EqualTo(state));
    }

    [Test]
    public void A_connect_may_throw_away_what_was_there()
    {
        foreach (var (traits, state) in ((Traits, ApiState)[])[(Traits.None, ApiState.DatagramReadable), (Traits.ConnectDropsDatagrams, ApiState.Unspecified)])
        {
            var play = new Play(new World(With(traits))).Make("s0 = socket dgram", 3).Make("bind s0 loopback", 0).Make("s1 = socket dgram", 4).Make("bind s1 loopback", 0).Make("send s1 4 to @s0", 4).Make("connect s0 @s1", 0);
            Assert.That(play.World.StateOf(0), Is.EqualTo(state));
        }
    }

    [TestCase(Traits.None, false, ApiState.Reset)]
    [TestCase(Traits.None, true, ApiState.Unspecified)]
    [TestCase(Traits.TellsHangup, true, ApiState.Reset)]
    public void A_reset_behind_data_that_poll_does_not_tell_is_not_counted_upon(Traits traits, bool isUnread, ApiState state)
    {
        var play = Connected(With(traits));
        if (isUnread) play.Make("send s2 5 nosignal", 5);
        play.Make("setsockopt s2 linger 0", 0).Make("close s2", 0).World.Settled(1);
        Assert.That(play.World.StateOf(1), Is.EqualTo(state));
    }

    [TestCase(Traits.None, Point.BindFreeAddress)]
    [TestCase(Traits.FailedCallsBind, Point.BindAlreadyBound)]
    [TestCase(Traits.CallsMayBind, Point.BindAfterConnection)]
    public void A_send_that_fails_may_bind(Traits traits, Point afterwards)
    {
        var play = new Play(new World(With(traits))).Make("s0 = socket dgram", 3).Make("send s0 4", Errno.EDESTADDRREQ);
        Assert.That(play.World.Expect(Call.Bind(0)).Point, Is.EqualTo(afterwards));
    }

    [TestCase(true, Point.RecvEmpty)]
    [TestCase(false, Point.RecvEmptyBlocks)]
    public void Whether_an_accepted_socket_blocks_is_seen_and_not_judged(bool inherits, Point afterwards)
    {
        var play = new Play(new World(Profile.Posix)).Make("s0 = socket stream", 3).Make("bind s0 loopback", 0).Make("listen s0 4", 0).Make("nonblocking s0 on", 0)
            .Make("s1 = socket stream", 4).Make("connect s1 @s0", 0).Make("s2 = accept s0", new Answer(5, Errno.None) { Name = new Name(Name.Loopback, 40_000) });
        var recv = Call.Recv(2, 5);
        var expected = play.World.Expect(recv);
        Assert.That((expected.Point, expected.Blocks), Is.EqualTo((Point.AcceptInheritsMode, true)));
        if (inherits) play.World.Apply(recv, expected, Answer.Failed(Errno.EAGAIN));
        else play.World.Wait(recv, expected);
        Assert.That(play.World.Expect(recv).Point, Is.EqualTo(afterwards));
    }

    [Test]
    public void After_a_failure_where_there_should_be_none_nobody_knows()
    {
        var play = Connected(With(Point.ShutdownBoth, "0 ENOTCONN")).Make("shutdown s1 rdwr", Errno.ENOTCONN);
        Assert.That((play.World.StateOf(1), play.World.StateOf(2)), Is.EqualTo((ApiState.Unspecified, ApiState.Unspecified)));
    }

    [Test]
    public void A_close_that_lingers_waits_as_long_as_nothing_is_read_and_returns_when_all_is()
    {
        var play = Connected(Profile.Posix).Make("setsockopt s1 sndbuf 4096", 0).Make("setsockopt s2 rcvbuf 4096", 0).Make("nonblocking s1 on", 0);
        play.Make("send s1 9 nosignal", 9).Make("send s1 9 nosignal", Errno.EAGAIN).Make("setsockopt s1 linger 20", 0);
        var close = Call.Close(1);
        var expected = play.World.Expect(close);
        Assert.That((expected.Point, expected.Blocks), Is.EqualTo((Point.CloseLingerWaits, true)));
        play.World.Wait(close, expected);
        Assert.That(play.World.Waits(1, out _, out var isDue) && !isDue && play.World.Expect(close).Blocks);
        Assert.That(play.World.Expect(Call.Name(1)).Skip && play.World.Expect(Call.Socket(5)).Skip, "whether its descriptor is free, nobody knows");

        Read(5);
        Assert.That(play.World.Waits(1, out _, out isDue) && !isDue && !play.World.Expect(close).Blocks, "it may return now");
        Read(4);
        Assert.That(play.World.Waits(1, out _, out isDue) && isDue);
        play.World.Apply(close, play.World.Expect(close), new Answer(0, Errno.None));
        Assert.That((play.World.IsOpen(1), play.World.Expect(Call.Recv(2, 5)).Cause), Is.EqualTo((false, Point.CloseLingerDrained)));

        void Read(int count) => play.World.Apply(Call.Recv(2, count), play.World.Expect(Call.Recv(2, count)), new Answer(count, Errno.None));
    }

    [TestCase("close s2")]
    [TestCase("setsockopt s2 linger 0; close s2")]
    public void A_close_that_lingers_returns_when_the_peer_has_reset(string steps)
    {
        var play = Connected(Profile.Posix).Make("setsockopt s1 sndbuf 4096", 0).Make("setsockopt s2 rcvbuf 4096", 0).Make("nonblocking s1 on", 0);
        play.Make("send s1 9 nosignal", 9).Make("send s1 9 nosignal", Errno.EAGAIN).Make("setsockopt s1 linger 20", 0);
        play.World.Wait(Call.Close(1), play.World.Expect(Call.Close(1)));
        foreach (var step in steps.Split("; ")) play.Make(step, 0);
        Assert.That(play.World.Waits(1, out var call, out var isDue) && isDue && !play.World.Expect(call).Skip);
    }

    [TestCase("", Point.ConnectFullQueueBlocks, true, ApiState.Connecting)]
    [TestCase("setsockopt s2 usertimeout 100", Point.ConnectTimedOut, false, ApiState.Refused)]
    public void Where_nobody_answers_a_connect_waits_until_its_time_is_over(string option, Point point, bool waits, ApiState afterwards)
    {
        var play = new Play(new World(With(Traits.DropsBeyondBacklog))).Make("s0 = socket stream", 3).Make("bind s0 loopback", 0).Make("listen s0 0", 0).Make("s1 = socket stream", 4).Make("connect s1 @s0", 0).Make("s2 = socket stream", 5);
        if (option.Length > 0) play.Make(option, 0);
        var connect = Call.Connect(2, 0);
        var expected = play.World.Expect(connect);
        Assert.That((expected.Point, expected.Blocks), Is.EqualTo((point, waits)));
        if (waits) play.World.Wait(connect, expected);
        else play.Make("connect s2 @s0", Errno.ETIMEDOUT);
        Assert.That((play.World.StateOf(2), play.World.TimeOuts), Is.EqualTo((afterwards, waits ? 0 : 1)));
        Assert.That(play.World.LongestOf(connect), Is.EqualTo(waits ? 0 : 1100));
    }

    [Test]
    public void A_connect_that_may_come_through_after_all_is_nobodys_to_judge()
    {
        var play = new Play(new World(With(Traits.DropsBeyondBacklog))).Make("s0 = socket stream", 3).Make("bind s0 loopback", 0).Make("listen s0 0", 0).Make("s1 = socket stream", 4).Make("connect s1 @s0", 0)
            .Make("s2 = socket stream", 5).Make("setsockopt s2 usertimeout 100", 0).Make("nonblocking s2 on", 0).Make("connect s2 @s0", Errno.EINPROGRESS);
        Assert.That(play.World.Unsettled(2), Is.EqualTo(Ready.Out));
        play.Make("s3 = accept s0", new Answer(6, Errno.None) { Name = new Name(Name.Loopback, 40_000) });
        Assert.That(play.World.StateOf(2), Is.EqualTo(ApiState.Unspecified));
    }

    [Test]
    public void A_mode_that_was_set_back_is_to_blame_for_a_call_that_does_not_wait()
    {
        var play = new Play(new World(Profile.Posix)).Make("s0 = socket stream", 3).Make("bind s0 loopback", 0).Make("listen s0 2", 0);
        Assert.That(Blamed(), Is.EqualTo(Point.AcceptEmptyBlocks));
        play.Make("nonblocking s0 on", 0).Make("nonblocking s0 off", 0);
        Assert.That(Blamed(), Is.EqualTo(Point.NonblockingSets));

        Point Blamed() => play.World.BlamedForNotWaiting(Call.Accept(1, 0), play.World.Expect(Call.Accept(1, 0)), Answer.Failed(Errno.EAGAIN));
    }

    [Test]
    public void A_copy_without_the_name_of_its_socket_is_no_copy()
    {
        var play = new Play(new World(Profile.Posix)).Make("s0 = socket stream", 3).Make("bind s0 loopback", 0).Make("s1 = dup s0", 4);
        Assert.That(play.Judge("getsockname s1", new Answer(0, Errno.None) { Name = default(Name) })?.Point, Is.EqualTo(Point.DupCopies));
        Assert.That(play.Judge("getsockname s0", new Answer(0, Errno.None) { Name = default(Name) })?.Point, Is.EqualTo(Point.GetsocknameEphemeral));
    }

    private static Profile With(Point point, string answers) => new("different", "", [new Deviation(point, Answers.Parse(answers), "a test", "a test")]);

    private static Profile With(Traits traits) => new("different", "", []) { Traits = traits };

    private static Play Connected(Profile profile) => new Play(new World(profile)).Make("s0 = socket stream", 3).Make("bind s0 loopback", 0).Make("listen s0 4", 0)
        .Make("s1 = socket stream", 4).Make("connect s1 @s0", 0).Make("s2 = accept s0", new Answer(5, Errno.None) { Name = new Name(Name.Loopback, 40_000) });

    /// <summary>Calls with their answers, each of which the model must allow.</summary>
    private sealed class Play(World world)
    {
        public World World => world;

        public Play Make(string line, int value) => Make(line, new Answer(value, Errno.None));

        public Play Make(string line, Errno error) => Make(line, Answer.Failed(error));

        public Play Make(string line, Answer answer)
        {
            var call = Call.Parse(line);
            var expected = world.Expect(call);
            Assert.That(expected.Skip, Is.False, line);
            Assert.That(world.Check(call, expected, answer, []), Is.Null, line);
            world.Apply(call, expected, answer);
            return this;
        }

        public Disagreement? Judge(string line, Answer answer) => world.Check(Call.Parse(line), world.Expect(Call.Parse(line)), answer, []);
    }
}
