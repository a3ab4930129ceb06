using System.Globalization;
using System.Text;
using System.Xml;
using SockConformance.Run;

namespace SockConformance.Report;

/// <summary>junit.xml as CI systems read it: a violated requirement is a failure, trouble of ours an error, a flaky one passes with a note.</summary>
internal static class JUnitXml
{
    public static string Write(RunHeader header, RunResult run, IReadOnlyDictionary<string, FailurePaths> files)
    {
        var text = new Utf8Writer();
        using (var xml = XmlWriter.Create(text, new XmlWriterSettings { Indent = true }))
        {
            var failed = run.Requirements.Count(result => IsFailure(result, header.Strict));
            xml.WriteStartElement("testsuites");
            Counts(xml, "sockconf", run, failed);
            xml.WriteStartElement("testsuite");
            Counts(xml, header.Spec, run, failed);
            foreach (var result in run.Requirements) Case(xml, header, result, files.GetValueOrDefault(result.Requirement.Id));
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
        xml.WriteAttributeString("skipped", $"{run.Count(Status.Skip)}");
        xml.WriteAttributeString("time", Seconds(run.Duration));
        xml.WriteAttributeString("timestamp", run.Started.ToString("s", CultureInfo.InvariantCulture));
    }

    private static void Case(XmlWriter xml, RunHeader header, RequirementResult result, FailurePaths? paths)
    {
        xml.WriteStartElement("testcase");
        xml.WriteAttributeString("classname", $"sockconf.{header.Spec}");
        xml.WriteAttributeString("name", result.Requirement.Id);
        xml.WriteAttributeString("time", Seconds(result.Duration));
        var reason = Printable.Xml(result.Reason ?? "");
        if (IsFailure(result, header.Strict) && result.Failure is { } failure)
        {
            xml.WriteStartElement("failure");
            xml.WriteAttributeString("message", Printable.Line($"expected {failure.Violation.Expected}; observed {failure.Violation.Observed}", 1000));
            xml.WriteAttributeString("type", result.Requirement.Clause);
            xml.WriteString(Printable.Xml(
                $"{result.Requirement.Statement}\nwhat we did: {failure.Did}\nusual cause: {result.Requirement.Why}\nfix: {result.Requirement.Fix}\nreproduce: sockconf replay {paths?.Id}"));
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

        if (paths?.Capture is { } capture) xml.WriteElementString("system-out", $"[[ATTACHMENT|{capture}]]");
        xml.WriteEndElement();
    }

    private static void Element(XmlWriter xml, string name, string message)
    {
        xml.WriteStartElement(name);
        xml.WriteAttributeString("message", Printable.Line(message, 1000));
        xml.WriteEndElement();
    }

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0.000", CultureInfo.InvariantCulture);

    private sealed class Utf8Writer() : StringWriter(CultureInfo.InvariantCulture)
    {
        public override Encoding Encoding => Encoding.UTF8;
    }
}
