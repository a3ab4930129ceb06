using System.Net;
using System.Net.Sockets;
using NUnit.Framework;
using SockConformance.Tests.Shared;
using SockConformance.Wire;

namespace SockConformance.Tests.Wire;

public class PosixSocketTests
{
    [Test]
    public void Bytes_go_both_ways()
    {
        using var pair = new ConnectedPair();
        var buffer = new byte[16];
        Assert.That(pair.Ours.Send("to them"u8), Is.EqualTo(new CallResult(7, null)));
        Assert.That(pair.Theirs.Receive(buffer), Is.EqualTo(7));
        pair.Theirs.Send("to us"u8);
        Assert.That(pair.AwaitReadable(), Is.True);
        Assert.That(pair.Ours.Receive(buffer), Is.EqualTo(new CallResult(5, null)));
        Assert.That(buffer[..5], Is.EqualTo("to us"u8.ToArray()));
    }

    [Test]
    public void A_connect_where_nobody_listens_is_refused()
    {
        // Bound and not listening: nobody else can take the port meanwhile.
        using var silent = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        silent.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using var socket = PosixSocket.Stream(AddressFamily.InterNetwork);
        var call = socket.Connect((IPEndPoint)silent.LocalEndPoint!);
        if (call.WouldBlock)
        {
            socket.Wait(readable: false, writable: true, ConnectedPair.Enough, CancellationToken.None);
            call = socket.PendingError();
        }

        Assert.That(call.Errno, Is.EqualTo("ECONNREFUSED"));
    }

    [Test]
    public void Reading_a_pending_error_clears_it()
    {
        using var pair = new ConnectedPair();
        pair.Theirs.LingerState = new LingerOption(true, 0);
        pair.Theirs.Close();
        Assert.That(pair.AwaitReadable(), Is.True);
        Assert.That((pair.Ours.PendingError().Errno, pair.Ours.PendingError().Errno), Is.EqualTo(("ECONNRESET", (string?)null)));
    }

    [Test]
    public void An_abort_gives_the_other_side_a_reset()
    {
        using var pair = new ConnectedPair();
        pair.Ours.LingerZero();
        pair.Ours.Close();
        Assert.That(
            () => pair.Theirs.Receive(new byte[1]),
            Throws.InstanceOf<SocketException>().With.Property(nameof(SocketException.SocketErrorCode)).EqualTo(SocketError.ConnectionReset));
    }

    [Test]
    public void A_reset_by_the_other_side_is_named()
    {
        using var pair = new ConnectedPair();
        pair.Theirs.LingerState = new LingerOption(true, 0);
        pair.Theirs.Close();
        Assert.That(pair.AwaitReadable(), Is.True);
        Assert.That(pair.Ours.Receive(new byte[1]).Errno, Is.EqualTo("ECONNRESET"));
        Assert.That(pair.Ours.Send("x"u8).Errno, Is.EqualTo("EPIPE"));
    }

    [Test]
    public void A_close_gives_the_other_side_the_end_of_file()
    {
        using var pair = new ConnectedPair();
        pair.Ours.Close();
        Assert.That(pair.Theirs.Receive(new byte[1]), Is.Zero);
    }

    [Test]
    public void After_a_half_close_we_may_still_receive_but_not_send()
    {
        using var pair = new ConnectedPair();
        Assert.That(pair.Ours.ShutdownWrite().Ok, Is.True);
        Assert.That(pair.Theirs.Receive(new byte[1]), Is.Zero);
        pair.Theirs.Send("late"u8);
        Assert.That(pair.AwaitReadable(), Is.True);
        Assert.That((pair.Ours.Receive(new byte[9]).Value, pair.Ours.Send("x"u8).Errno), Is.EqualTo((4, "EPIPE")));
    }

    [Test]
    public void Nothing_to_read_yet_is_no_error()
    {
        using var pair = new ConnectedPair();
        var call = pair.Ours.Receive(new byte[1]);
        Assert.That((call.Ok, call.WouldBlock), Is.EqualTo((false, true)));
    }

    [Test]
    public void A_wait_for_what_does_not_come_ends()
    {
        using var pair = new ConnectedPair();
        Assert.That(pair.Ours.Wait(readable: true, writable: false, TimeSpan.FromMilliseconds(5), CancellationToken.None), Is.False);
    }

    [Test]
    public void A_wait_hears_that_the_run_is_over()
    {
        using var pair = new ConnectedPair();
        using var over = new CancellationTokenSource();
        over.Cancel();
        Assert.That(
            () => pair.Ours.Wait(readable: true, writable: false, ConnectedPair.Enough, over.Token),
            Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public void A_descriptor_is_closed_once()
    {
        using var socket = PosixSocket.Stream(AddressFamily.InterNetwork);
        Assert.That((socket.Close().Errno, socket.Close().Errno), Is.EqualTo(((string?)null, "EBADF")));
    }

    [Test]
    public void A_socket_without_a_connection_has_no_peer()
    {
        using var socket = PosixSocket.Stream(AddressFamily.InterNetwork);
        Assert.That(socket.PeerName(), Is.Null);
    }

    [Test]
    public void A_bound_socket_knows_its_name()
    {
        using var socket = PosixSocket.Stream(AddressFamily.InterNetwork);
        Assert.That(socket.Bind(new IPEndPoint(IPAddress.Parse("127.0.0.9"), 0)).Ok, Is.True);
        Assert.That(socket.LocalName()!.Address, Is.EqualTo(IPAddress.Parse("127.0.0.9")));
        Assert.That(socket.LocalName()!.Port, Is.Positive);
    }

    [TestCase("127.0.0.1", 7777, "02001E617F0000010000000000000000")]
    [TestCase("::1", 7777, "0A001E61000000000000000000000000000000000000000100000000")]
    public void Addresses_are_laid_out_as_the_c_library_has_them(string address, int port, string layout)
    {
        var bytes = new byte[28];
        var length = PosixSocket.Format(new IPEndPoint(IPAddress.Parse(address), port), bytes);
        Assert.That(Convert.ToHexString(bytes[..length]), Is.EqualTo(layout));
    }

    [TestCase(0, "0")]
    [TestCase(9, "EBADF")]
    [TestCase(32, "EPIPE")]
    [TestCase(98, "EADDRINUSE")]
    [TestCase(104, "ECONNRESET")]
    [TestCase(106, "EISCONN")]
    [TestCase(107, "ENOTCONN")]
    [TestCase(110, "ETIMEDOUT")]
    [TestCase(111, "ECONNREFUSED")]
    [TestCase(114, "EALREADY")]
    [TestCase(9999, "errno 9999")]
    public void Errors_have_their_posix_names(int errno, string name) => Assert.That(Libc.Errno(errno), Is.EqualTo(name));
}
