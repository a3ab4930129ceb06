using System.Globalization;
using System.Text;
using System.Xml;
using SockConformance.Run;

namespace SockConformance.Report;

/// <summary>
/// junit.xml as CI systems read it: a violated requirement is a failure, trouble of ours an error, a flaky one passes with a note. GitLab shows the
/// content of an element and Jenkins its message, so both are there.
/// </summary>
internal static class JUnitXml
{
    /// <param name="folder">Where the file goes: attachments are named from there.</param>
    public static string Write(RunHeader header, RunResult run, IReadOnlyDictionary<string, FailurePaths> files, string folder = "")
    {
        var text = new Utf8Writer();
        using (var xml = XmlWriter.Create(text, new XmlWriterSettings { Indent = true }))
        {
            var failed = run.Requirements.Count(result => IsFailure(result, header.Strict));
            xml.WriteStartElement("testsuites");
            Counts(xml, "sockconf", run, failed);
            xml.WriteStartElement("testsuite");
            Counts(xml, Printable.Line(header.Spec), run, failed);
            xml.WriteStartElement("properties");
            foreach (var (name, value) in new[] { ("target", header.Target), ("seed", header.SeedText), ("sandbox", header.Sandbox), ("capture", header.Capture) })
            {
                xml.WriteStartElement("property");
                xml.WriteAttributeString("name", name);
                xml.WriteAttributeString("value", Printable.Line(value));
                xml.WriteEndElement();
            }

            xml.WriteEndElement();
            foreach (var result in run.Requirements) Case(xml, header, result, files.GetValueOrDefault(result.Requirement.Id), folder);
            xml.WriteEndElement();
            xml.WriteEndElement();
        }

        return text.ToString();
    }

    private static bool IsFailure(RequirementResult result, bool strict) => result.Status == Status.Fail || (strict && result.Status == Status.Warn);

    private static void Counts(XmlWriter xml, string name, RunResult run, int failed)
    {
        xml.WriteAttributeString("name", name);
        xml.WriteAttributeString("tests", $"{run.Requirements.Length}");
        xml.WriteAttributeString("failures", $"{failed}");
        xml.WriteAttributeString("errors", $"{run.Count(Status.Error) + run.Count(Status.Inconclusive)}");
        xml.WriteAttributeString("skipped", $"{run.Count(Status.Skip) + run.Count(Status.XFail)}");
        xml.WriteAttributeString("time", Seconds(run.Duration));
        xml.WriteAttributeString("timestamp", run.Started.ToString("s", CultureInfo.InvariantCulture));
    }

    /// <summary>
    /// A file of the report as a CI system looks for it: GitLab from the root of the project, Jenkins by its full path, others beside this file.
    /// </summary>
    /// <param name="project">CI_PROJECT_DIR of a GitLab job.</param>
    internal static string Attachment(string folder, string file, string? project, bool jenkins)
    {
        if (project is not { Length: > 0 }) return jenkins ? Path.GetFullPath(file, Path.GetFullPath(folder)) : file;
        var path = Path.GetRelativePath(project, Path.GetFullPath(file, Path.GetFullPath(folder)));
        return path.StartsWith("..", StringComparison.Ordinal) ? file : path;
    }

    internal static string AttachmentLine(string folder, string file) =>
        $"[[ATTACHMENT|{Printable.Line(Attachment(folder, file, Environment.GetEnvironmentVariable("CI_PROJECT_DIR"), Environment.GetEnvironmentVariable("JENKINS_URL") is { Length: > 0 }), 4000)}]]";

    private static void Case(XmlWriter xml, RunHeader header, RequirementResult result, FailurePaths? paths, string folder)
    {
        xml.WriteStartElement("testcase");
        xml.WriteAttributeString("classname", Printable.Line($"sockconf.{header.Spec}"));
        xml.WriteAttributeString("name", result.Requirement.Id);
        xml.WriteAttributeString("time", Seconds(result.Duration));
        var reason = Printable.Xml(result.Reason ?? "");
        if (IsFailure(result, header.Strict) && result.Failure is { } failure)
        {
            xml.WriteStartElement("failure");
            xml.WriteAttributeString("message", Printable.Line($"expected {failure.Violation.Expected}; observed {failure.Violation.Observed}", 1000));
            xml.WriteAttributeString("type", result.Requirement.Clause);
            xml.WriteString(Printable.Xml(
                $"{result.Requirement.Statement}\nwhat we did: {failure.Did}\nusual cause: {result.Requirement.Why}\nfix: {result.Requirement.Fix}{(paths is null ? "" : $"\nreproduce: {paths.Replay}")}"));
            xml.WriteEndElement();
        }
        else if (result.Status is Status.Error or Status.Inconclusive)
        {
            Element(xml, "error", reason);
        }
        else if (result.Status is Status.Skip or Status.XFail)
        {
            Element(xml, "skipped", reason);
        }
        else if (result.Status == Status.Flaky)
        {
            Element(xml, "flakyFailure", reason);
        }

        if (paths?.Capture is { } capture) xml.WriteElementString("system-out", AttachmentLine(folder, capture));
        xml.WriteEndElement();
    }

    private static void Element(XmlWriter xml, string name, string message)
    {
        xml.WriteStartElement(name);
        xml.WriteAttributeString("message", Printable.Line(message, 1000));
        if (name != "skipped") xml.WriteAttributeString("type", name == "error" ? "undecided" : "flaky");
        xml.WriteString(message);
        xml.WriteEndElement();
    }

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0.000", CultureInfo.InvariantCulture);

    private sealed class Utf8Writer() : StringWriter(CultureInfo.InvariantCulture)
    {
        public override Encoding Encoding => Encoding.UTF8;
    }
}
