using System.Text;
using SockConformance.Captures;
using SockConformance.Generate;
using SockConformance.Model;
using SockConformance.Report;
using SockConformance.Run;
using SockConformance.Wire;

namespace SockConformance.Tests.Shared;

/// <summary>A report folder as a check leaves it, without the check: results, events, case files and captures with real frames.</summary>
internal sealed class ReportFolder : IDisposable
{
    private readonly TempFolder folder = new();

    public string Path => folder.Path;

    /// <summary>One connection that the target resets where it should close it.</summary>
    public static Evidence Reset { get; } = Told.Of(Told.Visit(0, Talk.Text(20))).But(4, StepResult.Failed, "ECONNRESET").OnTheWire(OfFrames(
        0, "> S 1000(0) ack 0", "< S. 5000(0) ack 1001", "> . 1001(0) ack 5001", "> P. 1001(20) ack 5001", "< P. 5001(20) ack 1021", "> F. 1021(0) ack 5021", "< R. 5021(0) ack 1022"));

    /// <summary>One that it never closes: its process has ended, too, and said why.</summary>
    public static Evidence Silence { get; } = Told.Of(Told.Visit(0, Talk.Text(20))).But(4, StepResult.TimedOut).LeavingBehind(0, TcpState.CloseWait).KilledBy(11, TimeSpan.FromMilliseconds(44)).Saying("Segmentation fault\n")
        .OnTheWire(OfFrames(0, "> S 1000(0) ack 0", "< S. 5000(0) ack 1001", "> . 1001(0) ack 5001", "> P. 1001(20) ack 5001", "< P. 5001(20) ack 1021", "> F. 1021(0) ack 5021"));

    public static RequirementResult Failure(string id, Evidence evidence, Verdict.Violation violation, Status status = Status.Fail) => Runs.Result(
        status, id, failure: new ScenarioFailure(violation, evidence, new Shrinking(12, 6, 40), (3, 3)));

    public static RequirementResult ResetSeen(string id = "tcp/close/no-reset") => Failure(id, Reset, new Verdict.Violation("FIN: all was read on both sides", "the target's RST on the wire: < R. 5021(0) ack 1022", 4));

    public static RequirementResult FinMissing(string id = "tcp/close/completes") => Failure(id, Silence, new Verdict.Violation("the target's FIN", "nothing for 2.0 s", 4, Absence: true));

    /// <summary>Segments as <see cref="Segments"/> reads them, each a frame that can be taken apart again.</summary>
    public static Flow OfFrames(int socket, params string[] segments)
    {
        var flow = Segments.Of(socket, segments);
        return flow with
        {
            Segments = [.. flow.Segments.Select(segment => segment with
            {
                At = segment.At * 7, // some within the time of a step of Told
                Frame = Frames.Tcp(segment.FromClient ? flow.Tuple.Client : flow.Tuple.Server, segment.FromClient ? flow.Tuple.Server : flow.Tuple.Client, tcp =>
                {
                    (tcp.SequenceNumber, tcp.AcknowledgmentNumber, tcp.WindowSize) = (segment.Sequence, segment.Acknowledgment, segment.Window);
                    (tcp.Synchronize, tcp.Finished, tcp.Reset, tcp.Push, tcp.Acknowledgment) = (segment.Has(TcpFlags.Syn), segment.Has(TcpFlags.Fin), segment.Has(TcpFlags.Rst), segment.Has(TcpFlags.Psh), segment.Has(TcpFlags.Ack));
                }, segment.Length),
            })],
        };
    }

    /// <summary>Writes what a run leaves behind.</summary>
    public ReportFolder With(RunHeader header, int exit, params RequirementResult[] results)
    {
        var files = results.Where(result => result.Failure is not null).ToDictionary(
            result => result.Requirement.Id, result => FailureFiles.Save(Path, header, result.Requirement, (ScenarioFailure)result.Failure!, new CaptureOrigin(LinkType.Ethernet, new CaptureCounts(555, 0)), new ReportTrouble()));
        var run = Runs.Of(results);
        using (var events = new EventLog(Path, new Nobody(), new ReportTrouble()))
        {
            events.Start(header);
            foreach (var (index, result) in results.Index())
            {
                events.CaseDone((Requirement)result.Requirement, result.Failure is ScenarioFailure failure ? failure.Evidence : Told.Of(Told.Visit(0, Talk.Text(20))), Verdict.Holds, CloseVerdict.Orderly);
                events.RequirementDone(result, index + 1, results.Length);
            }

            events.End(exit);
        }

        Write("results.json", ResultsJson.Write(header, run, exit, files));
        Write("junit.xml", JUnitXml.Write(header, run, files));
        return this;
    }

    public void Write(string name, string text) => folder.File(name, text);

    public void Write(string name, byte[] bytes)
    {
        folder.File(name, "");
        File.WriteAllBytes(System.IO.Path.Combine(Path, name), bytes);
    }

    public byte[] Bytes(string name) => File.ReadAllBytes(System.IO.Path.Combine(Path, name));

    public string Text(string name) => Encoding.UTF8.GetString(Bytes(name));

    /// <summary>The first file of a kind among those of the cases.</summary>
    public string CaseFile(string extension) => System.IO.Path.GetRelativePath(Path, Directory.GetFiles(System.IO.Path.Combine(Path, "cases"), $"*{extension}").Order(StringComparer.Ordinal).First());

    public void Delete(string name) => File.Delete(System.IO.Path.Combine(Path, name));

    public void Dispose() => folder.Dispose();

    private sealed class Nobody : IRunObserver
    {
        public void CaseDone(Requirement requirement, Evidence evidence, Verdict verdict, CloseVerdict close) { }

        public void Shrinking(Requirement requirement) { }

        public void RequirementDone(RequirementResult result, int number, int total) { }
    }
}
