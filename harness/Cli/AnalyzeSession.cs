using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using SockConformance.Captures;
using SockConformance.Model;
using SockConformance.Report;
using SockConformance.Run;

namespace SockConformance.Cli;

/// <summary>What <c>analyze</c> was asked for.</summary>
/// <param name="Filters">KEY=VALUE; a flow must meet all.</param>
internal sealed record AnalyzeRequest(IReadOnlyList<string> Files, bool Json, Endpoint? Server, long? Flow, IReadOnlyList<string> Filters, bool Progress)
{
    private static readonly Dictionary<string, Func<FlowReport, string, bool>> Keys = new()
    {
        ["protocol"] = (flow, value) => flow.Protocol.ToString().Equals(value, StringComparison.OrdinalIgnoreCase),
        ["ip"] = (flow, value) => flow.Source.Ip.ToString() == value || flow.Destination.Ip.ToString() == value,
        ["port"] = (flow, value) => $"{flow.Source.Port}" == value || $"{flow.Destination.Port}" == value,
        ["source"] = (flow, value) => flow.Source.ToString() == value || flow.Source.Ip.ToString() == value,
        ["destination"] = (flow, value) => flow.Destination.ToString() == value || flow.Destination.Ip.ToString() == value,
        ["handshake"] = (flow, value) => flow.Handshake is { } handshake && FlowTexts.NameOf(handshake) == value,
        ["close"] = (flow, value) => flow.Close is { } close && ResultsJson.CloseName(close) == value,
        ["state"] = (flow, value) => flow.State.Equals(value, StringComparison.OrdinalIgnoreCase),
        ["finding"] = (flow, value) => flow.Findings.Any(finding => value == "any" || finding.Kind.Id() == value),
    };

    public static AnalyzeRequest Read(IReadOnlyList<string> files, string format, string? server, long? flow, IReadOnlyList<string> filters, bool progress)
    {
        foreach (var filter in filters)
        {
            var key = filter.Split('=')[0];
            if (!filter.Contains('=', StringComparison.Ordinal) || !Keys.ContainsKey(key))
                throw new UsageException($"--filter {Printable.Line(filter)}: write KEY=VALUE; keys are {string.Join(", ", Keys.Keys)}{Words.Nearest(key, Keys.Keys)}");
        }

        if (flow < 1) throw new UsageException($"--flow {flow}: flows are numbered from 1");
        if (files.Count(file => file == "-") > 1) throw new UsageException("- is the standard input: it can be read once");
        return new AnalyzeRequest(files, format == "json", ServerOf(server), flow, filters, progress);
    }

    public static Endpoint? ServerOf(string? text)
    {
        if (text is null) return null;
        return IPEndPoint.TryParse(text, out var parsed) && parsed.Port > 0 ? Endpoint.Of(parsed) : throw new UsageException($"--server {Printable.Line(text)}: write an address and a port, for example 127.0.0.1:7 or [::1]:7");
    }

    public bool Wants(FlowReport flow) => Filters.All(filter => Keys[filter.Split('=')[0]](flow, filter[(filter.IndexOf('=', StringComparison.Ordinal) + 1)..]));
}

/// <summary>Judges captures: no target, no network.</summary>
internal sealed class AnalyzeSession(AnalyzeRequest request, StopRequest stop)
{
    /// <summary>How long a signal waits for what is being written to be whole.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    public int Run()
    {
        var exit = Exit.Holds;
        foreach (var file in request.Files)
        {
            var one = Await(file);
            if (one > Exit.Interrupted(0)) return one;
            if (exit == Exit.Holds || one == Exit.Usage) exit = one; // a file that could not be read weighs more than one with findings
        }

        return exit;
    }

    /// <summary>
    /// A pipe may give nothing for hours, and a read of it cannot be called off: so somebody else waits there, and a signal ends the run all the same.
    /// A file that cannot be read is said so, and those behind it are still looked at.
    /// </summary>
    private int Await(string file)
    {
        var work = Task.Factory.StartNew(() => Analyze(file), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        try
        {
            if (WaitHandle.WaitAny([((IAsyncResult)work).AsyncWaitHandle, stop.Token.WaitHandle]) == 1 && !Task.WhenAny(work, Task.Delay(Patience)).Result.Equals(work)) return Exit.Interrupted(stop.Signal ?? 0);
            return work.GetAwaiter().GetResult();
        }
        catch (InputException e)
        {
            Console.Error.WriteLine($"sockconf: {Printable.Line(e.Message, 2000)}");
            return Exit.Usage;
        }
    }

    private int Analyze(string file)
    {
        using var input = Open(file, out var length);
        using var reader = new CaptureReader(input);
        using var output = new BufferedStream(new StandardOutput(), 1 << 16);
        using var spool = new FlowSpool();
        FlowReport? drawn = null;
        var row = new byte[FlowTexts.LongestRow];
        var progress = new ProgressLine(request.Progress, file, length);
        var run = new AnalyzeRun { Server = request.Server, Wanted = request.Wants, Drawn = request.Flow, Progress = progress.Show };
        AnalysisResult result;
        try
        {
            result = run.Run(reader, flow =>
            {
                drawn = flow;
                spool.Add(flow.Number, request.Json ? FlowTexts.Json(flow) : FlowTexts.Row(flow, row));
            }, stop.Token);
        }
        catch (OperationCanceledException) when (stop.Signal is { } signal)
        {
            return Exit.Interrupted(signal);
        }
        catch (IOException e)
        {
            throw new InputException($"{file} cannot be read: {e.Message}");
        }
        finally
        {
            progress.Clear();
        }

        if (result is { Packets: 0, Broken: { } useless }) throw new InputException($"{file}, {useless.Message}");
        if (request.Json) WriteJson(output, file, result, spool);
        else WriteText(output, file, result, spool, drawn, run);
        output.Flush();
        if (result.Broken is { } broken) Console.Error.WriteLine($"sockconf: {Printable.Line($"{file}, {broken.Message}", 2000)}; the {result.Packets} packets before that are reported");
        if (request.Flow is { } number && drawn is null && result.Broken is null) throw new UsageException($"--flow {number}: {file} has {result.Flows} flows{(result.Flows > 0 && request.Filters.Count > 0 ? ", and the filter leaves that one out" : "")}");
        return result.Broken is not null ? Exit.Usage : result.Violations > 0 ? Exit.Violated : Exit.Holds;
    }

    private static Stream Open(string file, out long? length)
    {
        length = null;
        if (file == "-") return Console.OpenStandardInput();
        try
        {
            if (Directory.Exists(file)) throw new InputException($"{file} is a folder: name the capture in it");
            var stream = new FileStream(file, new FileStreamOptions { Access = FileAccess.Read, Share = FileShare.ReadWrite, BufferSize = 0, Options = FileOptions.SequentialScan });
            if (stream.CanSeek) length = stream.Length;
            return stream;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException(e is FileNotFoundException or DirectoryNotFoundException ? $"there is no capture {file}" : $"{file} cannot be read: {e.Message}");
        }
    }

    private static void WriteJson(Stream output, string file, AnalysisResult result, FlowSpool spool)
    {
        output.Write(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture,
            $"{{\"schema\":{FlowTexts.Schema},\"file\":\"{JsonEncodedText.Encode(file)}\",\"packets\":{result.Packets},\"other_packets\":{result.OtherPackets},\"flows_seen\":{result.Flows},\"error\":{Error(result.Broken)},\"flows\":[")));
        var separator = "\n"u8.ToArray();
        spool.CopyTo(text =>
        {
            output.Write(separator);
            output.Write(text);
            separator = ",\n"u8.ToArray();
        });
        output.Write("\n]}\n"u8);
    }

    private static string Error(CaptureFormatException? broken) =>
        broken is null ? "null" : string.Create(CultureInfo.InvariantCulture, $"{{\"offset\":{broken.Offset},\"reason\":\"{JsonEncodedText.Encode(broken.Reason)}\"}}");

    private void WriteText(Stream output, string file, AnalysisResult result, FlowSpool spool, FlowReport? drawn, AnalyzeRun run)
    {
        output.Write(Encoding.UTF8.GetBytes($"{FlowTexts.Heading}\n"));
        spool.CopyTo(text => output.Write(text));
        if (request.Flow is not null && drawn is not null) output.Write(Encoding.UTF8.GetBytes($"\n{Ladder.Draw(drawn, run.Rungs, run.MoreRungs)}"));
        var text = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $"\n{Printable.Line(file)}: {result.Packets} packets, {result.Flows} flows"));
        if (result.Selected != result.Flows) text.Append(CultureInfo.InvariantCulture, $" ({result.Selected} shown)");
        if (result.OtherPackets - result.Unread.Packets is > 0 and var others) text.Append(CultureInfo.InvariantCulture, $", {others} packets neither TCP nor UDP");
        if (result.Unread is { Packets: > 0, Link: { } link }) text.Append(CultureInfo.InvariantCulture, $", {result.Unread.Packets} packets of link type {(int)link}, which is not taken apart");
        if (result.Violations > 0) text.Append(CultureInfo.InvariantCulture, $", {result.Violations} violations");
        if (result.Dropped > 0) text.Append(CultureInfo.InvariantCulture, $"; {result.Dropped} flows were still open when room ran out: what came later of them stands as further flows");
        output.Write(Encoding.UTF8.GetBytes(text.Append('\n').ToString()));
    }

    /// <summary>How much of a long file has been read, on stderr, a few times a second.</summary>
    private sealed class ProgressLine(bool shown, string file, long? length)
    {
        private static readonly TimeSpan Each = TimeSpan.FromMilliseconds(200);

        private TimeSpan next = Clock.Now + Each;
        private bool drawn;

        public void Show(long position)
        {
            if (!shown || Clock.Now < next) return;
            next = Clock.Now + Each;
            drawn = true;
            var much = length is > 0 ? string.Create(CultureInfo.InvariantCulture, $"{100.0 * position / length.Value:0} %") : string.Create(CultureInfo.InvariantCulture, $"{position >> 20} MiB");
            Console.Error.Write($"\r\e[K{Printable.Line(file, 60)}  {much}");
        }

        public void Clear()
        {
            if (drawn) Console.Error.Write("\r\e[K");
        }
    }
}
