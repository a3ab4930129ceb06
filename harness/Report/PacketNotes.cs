using System.Collections.Immutable;
using SockConformance.Model;

namespace SockConformance.Report;

/// <summary>
/// What is said at the packets of a failure: which primitive of the harness a packet was caused by, or received by, and where the violation
/// shows. Bytes are followed by their sequence numbers; under TLS, where those are not the payload's, and for datagrams, by the time of the step.
/// </summary>
internal sealed class PacketNotes
{
    /// <summary>What every comment begins with, so that they can be filtered: <c>frame.comment contains "sockconf"</c>.</summary>
    public const string Mark = "[sockconf]";

    private const int MaxNote = 4000;

    // Packet and step have different clocks behind one axis.
    private static readonly TimeSpan Tolerance = TimeSpan.FromMilliseconds(1);
    private readonly Evidence evidence;
    private readonly Dictionary<Segment, List<string>> notes = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<int, View> views = [];

    private PacketNotes(Evidence evidence)
    {
        this.evidence = evidence;
        foreach (var connection in evidence.Trace.Connections)
        {
            if (evidence.FlowOf(connection.Socket) is { } flow) views[connection.Socket] = new View(connection, flow, IsAccepted(evidence, connection.Socket));
        }
    }

    /// <summary>The comments of each packet that has any, by reference.</summary>
    public static IReadOnlyDictionary<Segment, List<string>> Of(Evidence evidence, Verdict.Violation violation, string requirement)
    {
        var notes = new PacketNotes(evidence);
        foreach (var segment in evidence.Flows.Concat(evidence.Strangers).SelectMany(flow => flow.Segments))
        {
            if (segment.Unreachable is { } about) notes.Say(segment, $"{about.Reporter} says: nobody is bound to {about.To}, where {about.From} has sent a datagram");
        }

        foreach (var view in notes.views.Values) notes.Tell(view);
        foreach (var crafted in evidence.Trace.Crafted)
        {
            foreach (var (segment, step) in crafted.Flow.Segments.Zip(crafted.Steps).Where(entry => entry.Second >= 0)) notes.Say(segment, $"step {step + 1}: {evidence.Scenario.Steps[step]}");
        }

        notes.Blame(violation, requirement);
        return notes.notes;
    }

    /// <summary>Whether the harness has accepted this connection: then its client is the target.</summary>
    public static bool IsAccepted(Evidence evidence, int socket) => evidence.Scenario.Steps.Any(step => step is Step.Accept accept && accept.Socket == socket);

    /// <summary>At the last packet before something that did not come.</summary>
    public static string Missing(Verdict.Violation violation, string requirement) => Line($"missing: expected {violation.Expected} by here ({requirement})");

    /// <summary>At the packet that should not be, or not so.</summary>
    public static string Violates(Verdict.Violation violation, string requirement) => Line($"violates {requirement}: {violation.Observed}");

    /// <summary>The segment that a judge has quoted; null if none is.</summary>
    public static Segment? Quoted(IEnumerable<Segment> segments, string observed) => segments.FirstOrDefault(segment =>
        segment is { Unreachable: null, Checksum: null } && $"{segment}" is var text && observed.IndexOf(text, StringComparison.Ordinal) is var at and >= 0
        && (at + text.Length == observed.Length || !char.IsAsciiDigit(observed[at + text.Length])));

    public static string Line(string text) => Printable.Line($"{Mark} {text}", MaxNote);

    private void Say(Segment? segment, string text)
    {
        if (segment is null) return;
        if (!notes.TryGetValue(segment, out var said)) notes[segment] = said = [];
        said.Add(Line(text));
    }

    /// <summary>All steps of one connection, in their order.</summary>
    private void Tell(View view)
    {
        int sent = 0, asked = 0, came = 0;
        Segment? ended = null, reset = null;
        foreach (var (index, (step, outcome)) in evidence.Scenario.Steps.Zip(evidence.Trace.Outcomes).Index())
        {
            if (step.On != view.Socket || outcome.Result == StepResult.NotRun) continue;
            var name = $"step {index + 1}: {step}";
            var (from, to) = (outcome.Start - Tolerance, outcome.End + Tolerance);
            switch (step)
            {
                case Step.Connect:
                    Say(view.Once(view.Ours.FirstOrDefault(segment => segment.Has(TcpFlags.Syn))), name);
                    Say(view.Once(view.Theirs.FirstOrDefault(segment => segment.Has(TcpFlags.Syn))), $"the answer to {name}");
                    break;
                case Step.Accept when outcome.Result == StepResult.Done:
                    Say(view.Once(view.Theirs.FirstOrDefault(segment => segment.Has(TcpFlags.Syn))), $"the connection that step {index + 1} accepted: {step}");
                    break;
                case Step.Send when view.Follows && outcome.Bytes > 0:
                    Say(view.OurByte(sent), name);
                    sent += outcome.Bytes;
                    break;
                case Step.Send or Step.Handshake or Step.CloseNotify or Step.Serve when !view.Follows || step is Step.Serve:
                    Say(view.Ours.FirstOrDefault(segment => view.HasData(segment) && IsNew(segment) && segment.At >= from && segment.At <= to), name);
                    if (step is Step.Serve) Say(view.OurEnd(from, ref ended, to), $"the end of {name}");
                    break;
                case Step.ShutdownWrite when outcome.Result == StepResult.Done:
                    Say(view.OurEnd(from, ref ended), name);
                    break;
                case Step.Close when outcome.Result == StepResult.Done:
                    Say(view.OurEnd(from, ref ended) ?? view.OurReset(from, ref reset), name);
                    break;
                case Step.Abort:
                    Say(view.OurReset(from, ref reset), name);
                    break;
            }

            if (step is Step.Receive { Bytes: > 0 and var bytes } && view.Follows && outcome.Result != StepResult.Failed)
            {
                asked += bytes;
                if (outcome.Result == StepResult.Done) Say(view.TheirByte(asked - 1), $"the last that step {index + 1} received: {step}");
            }
            else if (step is Step.Receive or Step.ReceiveMessages or Step.Await && view.Follows && outcome.Bytes > 0)
            {
                Say(view.TheirByte(Math.Max(asked, came + outcome.Bytes) - 1), $"the last that step {index + 1} received: {step}");
            }
            else if (step is Step.Receive or Step.ReceiveMessages or Step.Await or Step.Handshake && !view.Follows && (outcome.Bytes > 0 || outcome.Result == StepResult.Done))
            {
                Say(view.LastBy(outcome.End), $"received during step {index + 1}: {step}");
            }

            if (step is Step.Receive or Step.ReceiveMessages or Step.Await) came = Math.Max(asked, came + outcome.Bytes);
            if (outcome.Result == StepResult.EndOfFile) Say(view.Once(view.EndBy(to)), $"the end of file that step {index + 1} received: {step}");
            if (outcome.Is("ECONNRESET", "EPIPE", "ECONNREFUSED")) Say(view.Once(view.TheirReset(to)), $"the reset that step {index + 1} was answered with, {outcome.Errno}: {step}");
        }

        // A scenario that ends early leaves its sockets to be closed.
        var over = evidence.Trace.Outcomes.LastOrDefault(outcome => outcome.Result != StepResult.NotRun)?.End - Tolerance ?? TimeSpan.Zero;
        Say(view.OurEnd(over, ref ended), $"#{view.Socket} close, after the last step");
    }

    private bool IsNew(Segment segment) => !notes.ContainsKey(segment);

    /// <summary>Marks where the violation shows; nothing where that cannot be told.</summary>
    private void Blame(Verdict.Violation violation, string requirement)
    {
        var view = Concerned(violation);
        if (violation.Absence)
        {
            var last = view?.Segments.LastOrDefault() ?? LastCrafted(violation) ?? evidence.Flows.SelectMany(flow => flow.Segments).MaxBy(segment => segment.At);
            if (last is not null) AddTo(last, Missing(violation, requirement));
            return;
        }

        var shown = Quoted(evidence.Packets, violation.Observed) ?? (view is null ? null : Shown(view, violation));
        if (shown is not null) AddTo(shown, Violates(violation, requirement));

        void AddTo(Segment segment, string note)
        {
            if (!notes.TryGetValue(segment, out var said)) notes[segment] = said = [];
            said.Add(note);
        }
    }

    /// <summary>The last packet of the harness's own TCP that a step of the violation is about.</summary>
    private Segment? LastCrafted(Verdict.Violation violation) =>
        violation.Step is { } step && step < evidence.Scenario.Steps.Length && evidence.Trace.Crafted.FirstOrDefault(crafted => crafted.Socket == evidence.Scenario.Steps[step].On) is { } crafted
            ? crafted.Flow.Segments.Zip(crafted.Steps).TakeWhile(entry => entry.Second <= step).LastOrDefault().First : null;

    /// <summary>The connection that the violation is about: the one it names, that of its step, or the only one.</summary>
    private View? Concerned(Verdict.Violation violation)
    {
        var step = violation.Step is { } index && index < evidence.Scenario.Steps.Length ? evidence.Scenario.Steps[index].On : null;
        return (violation.Socket ?? step) is { } socket ? views.GetValueOrDefault(socket) : views.Count == 1 ? views.Values.Single() : null;
    }

    private Segment? Shown(View view, Verdict.Violation violation)
    {
        if (violation.Offset is { } offset) return view.Follows ? view.TheirByte(offset) : null;
        if (violation.Step is not { } index || index >= evidence.Trace.Outcomes.Length || evidence.Trace.Outcomes[index] is var outcome && outcome.Result == StepResult.NotRun) return null;
        var (from, to) = (outcome.Start - Tolerance, outcome.End + Tolerance);
        return outcome switch
        {
            { Result: StepResult.EndOfFile } => view.EndBy(to),
            { Result: StepResult.Failed, Errno: not null } => view.TheirReset(to),
            { Result: StepResult.Done } when evidence.Scenario.Steps[index] is Step.Receive or Step.ReceiveMessages or Step.Await or Step.Handshake => view.LastBy(outcome.End),
            _ => view.Theirs.FirstOrDefault(segment => segment.At >= from && (segment.Has(TcpFlags.Rst) || segment.Has(TcpFlags.Fin))),
        };
    }

    /// <summary>One connection from the harness's side.</summary>
    private sealed class View
    {
        private readonly HashSet<Segment> told = new(ReferenceEqualityComparer.Instance);
        private readonly uint? ourStart, theirStart;
        private readonly bool isSecure;

        public View(ConnectionTrace connection, Flow flow, bool accepted)
        {
            Socket = connection.Socket;
            Segments = flow.Segments;
            IsDatagram = flow.Tuple.Protocol == Transport.Udp;
            isSecure = connection.Tls is not null;
            Ours = [.. flow.Segments.Where(segment => segment.Unreachable is null && segment.FromClient != accepted)];
            Theirs = [.. flow.Segments.Where(segment => segment.Unreachable is null && segment.FromClient == accepted)];
            ourStart = Ours.FirstOrDefault(segment => segment.Has(TcpFlags.Syn))?.NextSequence;
            theirStart = Theirs.FirstOrDefault(segment => segment.Has(TcpFlags.Syn))?.NextSequence;
            Follows = !IsDatagram && !isSecure && ourStart is not null && theirStart is not null;
        }

        public int Socket { get; }

        public ImmutableArray<Segment> Segments { get; }

        public ImmutableArray<Segment> Ours { get; }

        public ImmutableArray<Segment> Theirs { get; }

        /// <summary>A byte of the payload can be found by its sequence number.</summary>
        public bool Follows { get; }

        private bool IsDatagram { get; }

        /// <summary>An empty datagram is one, too.</summary>
        public bool HasData(Segment segment) => IsDatagram || segment.Length > 0;

        /// <summary>The first segment with this byte of what the harness has sent.</summary>
        public Segment? OurByte(int offset) => ByteIn(Ours, ourStart, offset);

        public Segment? TheirByte(int offset) => ByteIn(Theirs, theirStart, offset);

        /// <summary>Our FIN, once: it may leave long after the call, behind what is still to be sent.</summary>
        public Segment? OurEnd(TimeSpan from, ref Segment? ended, TimeSpan? to = null)
        {
            if (ended is not null) return null;
            ended = Ours.FirstOrDefault(segment => segment.Has(TcpFlags.Fin) && segment.At >= from && (to is null || segment.At <= to));
            return ended;
        }

        public Segment? OurReset(TimeSpan from, ref Segment? reset)
        {
            if (reset is not null) return null;
            reset = Ours.FirstOrDefault(segment => segment.Has(TcpFlags.Rst) && segment.At >= from);
            return reset;
        }

        public Segment? TheirReset(TimeSpan to) => Theirs.FirstOrDefault(segment => segment.Has(TcpFlags.Rst) && segment.At <= to);

        /// <summary>The last data of the target by then; without a tolerance, for the answer to the next step may be here at once.</summary>
        public Segment? LastBy(TimeSpan to) => Theirs.LastOrDefault(segment => HasData(segment) && segment.At <= to);

        /// <summary>What was received as the end of file: the target's FIN; a close_notify where no FIN had come.</summary>
        public Segment? EndBy(TimeSpan to) =>
            Theirs.FirstOrDefault(segment => segment.Has(TcpFlags.Fin)) is { } end && (!isSecure || end.At <= to) ? end : isSecure ? LastBy(to) : null;

        /// <summary>Each segment once: an end of file, a reset and a second CONNECT are answered again without a packet.</summary>
        public Segment? Once(Segment? segment) => segment is not null && told.Add(segment) ? segment : null;

        private static Segment? ByteIn(ImmutableArray<Segment> segments, uint? start, int offset) => segments.FirstOrDefault(segment =>
            segment.Length > 0 && unchecked((int)(segment.Sequence - start.GetValueOrDefault())) is var at && at <= offset && offset < at + (long)segment.Length);
    }
}
