using SockConformance.Model;

namespace SockConformance.Generate;

/// <summary>What a faultless server owes on each socket of a scenario, step by step: so that nothing is waited for that is not due.</summary>
internal sealed class Debts(ServiceSpec service)
{
    private const int Endless = int.MaxValue / 2, OrdinaryWindow = 1000;
    private readonly Dictionary<int, Account> accounts = [];

    /// <summary>The next step of the scenario is taken, and what it asks for is taken off.</summary>
    public void Note(Step step)
    {
        if (step is not Step.OnSocket { Socket: var socket }) return;
        if (!accounts.TryGetValue(socket, out var account)) accounts[socket] = account = new Account();
        switch (step)
        {
            case Step.Open:
                account.IsDatagram = true;
                break;
            case Step.Connect:
                account.Connected = true;
                break;
            case Step.Craft craft:
                account.Held = craft.Window < OrdinaryWindow;
                account.Undetermined |= craft.Called; // no program is behind it
                break;
            case Step.Send { Raw: true }:
            case Step.Send when service.Tls is not null && !account.Secured: // in clear, to a service that speaks TLS
                account.Undetermined = true;
                break;
            case Step.Send send when service.IsEcho || account.IsDatagram:
                account.Bytes += send.Data.Size;
                account.Datagrams += Replies.ToDatagram(service, account.IsDatagram ? send.Data.ToBytes() : []) is null ? 0 : 1;
                break;
            case Step.Send send:
                account.Sent.AddRange(send.Data.ToBytes());
                account.Sends++;
                account.Owed = null;
                break;
            case Step.Handshake:
                account.Secured = true;
                break;
            case Step.Inject inject:
                if (inject.Window is { } window) account.Held = window < OrdinaryWindow;
                account.Disturbed |= !(inject with { Window = null }).ChangesNothing && (account.Connected || inject.Flags.HasFlag(TcpFlags.Syn)); // nothing else begins anything
                break;
            case Step.ShutdownWrite when account.Secured:
                break; // without a close_notify before it a session is cut off, not ended
            case Step.ShutdownWrite or Step.CloseNotify:
                account.Shut = true;
                account.Owed = null;
                break;
            case Step.Receive { Bytes: { } bytes }:
                account.AskedBytes += bytes;
                break;
            case Step.ReceiveMessages receive:
                account.AskedMessages += receive.Count;
                break;
            case Step.Await when account.IsDatagram:
                account.AskedMessages = Math.Max(account.AskedMessages, account.Datagrams); // it takes what has come
                break;
        }
    }

    /// <summary>What is still due where a step receives, in its own unit; below zero if it asked for more than that.</summary>
    public int On(Step step) => step switch
    {
        Step.Receive { Bytes: not null } or Step.ReceiveMessages when accounts[step.On!.Value].IsUncertain => -Asked(step),
        Step.Receive { Bytes: not null } receive => BytesDue(accounts[receive.Socket]) - accounts[receive.Socket].AskedBytes,
        Step.ReceiveMessages receive => MessagesDue(accounts[receive.Socket]) - accounts[receive.Socket].AskedMessages,
        _ => 0,
    };

    /// <summary>A step asks for so much less.</summary>
    public void Forgive(Step step, int amount)
    {
        if (step is Step.Receive receive) accounts[receive.Socket].AskedBytes -= amount;
        if (step is Step.ReceiveMessages messages) accounts[messages.Socket].AskedMessages -= amount;
    }

    /// <summary>The end of file is due.</summary>
    public bool EndsOn(int socket) => accounts.TryGetValue(socket, out var account) && !account.IsUncertain && (account.Shut || (service.Kind == "http" && account.Sends > 0) || (!service.IsEcho && OwedOn(account).Closes));

    private static int Asked(Step step) => step switch { Step.Receive { Bytes: { } bytes } => bytes, Step.ReceiveMessages receive => receive.Count, _ => 0 };

    /// <summary>The spec tells what is due for all that was sent on a socket.</summary>
    public bool IsDetermined(int socket)
    {
        var account = accounts[socket];
        return !account.Undetermined && (service.IsEcho || (service.Kind != "http" && OwedOn(account) is { Open: false, Broken: false }));
    }

    private int BytesDue(Account account) =>
        service.Kind == "chargen" ? Endless : service.IsEcho ? account.Bytes : account.Undetermined ? 0 : OwedOn(account) is { Exact: { } exact } ? exact.Length : Announced;

    /// <summary>How many bytes a service says at least that speaks without being asked.</summary>
    private int Announced => service.Kind switch { "daytime" => 1, "time" => 4, _ => 0 };

    private int MessagesDue(Account account) =>
        account.IsDatagram ? account.Datagrams : service.Kind == "http" ? account.Sends : account.Undetermined ? 0 : OwedOn(account).Due.Length;

    private Owed OwedOn(Account account) => account.Owed ??= Replies.To(service, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(account.Sent), account.Shut);

    private sealed class Account
    {
        public bool IsDatagram, Secured, Shut, Undetermined;

        /// <summary>A segment came that may end or change the connection; the window is too small for what is due.</summary>
        public bool Connected, Disturbed, Held;
        public int Bytes, Datagrams, Sends, AskedBytes, AskedMessages;
        public Owed? Owed;

        public bool IsUncertain => Disturbed || Held;

        public List<byte> Sent { get; } = [];
    }
}
