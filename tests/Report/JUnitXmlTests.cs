using System.Xml;
using System.Xml.Linq;
using FsCheck.Fluent;
using NUnit.Framework;
using SockConformance.Report;
using SockConformance.Run;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Report;

public class JUnitXmlTests
{
    [Test]
    public void Hostile_text_leaves_the_document_well_formed() => Law.Holds(Runs.Hostile.Three(), text =>
    {
        var (a, b, c) = (text.Item1, text.Item2, text.Item3);
        var run = Runs.Of(Runs.Failed(expected: a, observed: b), Runs.Result(Status.Error, reason: c), Runs.Result(Status.Skip, reason: a), Runs.Result(Status.Flaky, reason: b));
        Assert.That(Parse(JUnitXml.Write(Runs.Header with { Spec = c }, run, Runs.Files)).Descendants("testcase").Count(), Is.EqualTo(4));
    });

    [Test]
    public void A_violated_must_is_a_failure_with_what_was_expected_and_observed()
    {
        var failure = Only(Runs.Failed(expected: "a <FIN>", observed: "an \"RST\" & more")).Element("failure")!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(failure.Attribute("message")!.Value, Is.EqualTo("expected a <FIN>; observed an \"RST\" & more"));
            Assert.That(failure.Attribute("type")!.Value, Is.EqualTo("RFC 9293 §3.6"));
            Assert.That(
                failure.Value,
                Does.Contain("It ends by FIN.").And.Contain("#0 connect → ").And.Contain("SO_LINGER").And.Contain("read to the end"));
        }
    }

    [Test]
    public void A_failure_says_how_to_see_it_again_and_where_its_packets_are()
    {
        var test = Parse(JUnitXml.Write(Runs.Header, Runs.Of(Runs.Failed()), Runs.Files)).Descendants("testcase").Single();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(test.Element("failure")!.Value, Does.Contain("sockconf replay tcp-close-no-reset-0123abcd"));
            Assert.That(test.Element("system-out")!.Value, Is.EqualTo("[[ATTACHMENT|cases/tcp-close-no-reset-0123abcd.pcapng]]"));
        }
    }

    [TestCase(Status.Pass, null)]
    [TestCase(Status.Inconclusive, "error")]
    [TestCase(Status.Error, "error")]
    [TestCase(Status.Skip, "skipped")]
    [TestCase(Status.XFail, "skipped")]
    [TestCase(Status.Flaky, "flakyFailure")]
    public void Every_other_status_has_its_own_element_or_none(Status status, string? element) =>
        Assert.That(
            Only(Runs.Result(status, reason: "why")).Elements().Select(child => child.Name.LocalName),
            Is.EqualTo(element is null ? Array.Empty<string>() : [element]));

    [TestCase(false, 0)]
    [TestCase(true, 1)]
    public void A_violated_should_is_a_failure_only_where_that_was_asked_for(bool strict, int failures)
    {
        var document = Parse(JUnitXml.Write(Runs.Header with { Strict = strict }, Runs.Of(Runs.Failed(Status.Warn)), Runs.NoFiles));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(document.Descendants("failure").Count(), Is.EqualTo(failures));
            Assert.That(document.Root!.Attribute("failures")!.Value, Is.EqualTo($"{failures}"));
        }
    }

    [Test]
    public void The_counts_are_those_of_the_elements()
    {
        var run = Runs.Of(
            Runs.Failed(), Runs.Failed(Status.Warn), Runs.Result(Status.Pass), Runs.Result(Status.Error), Runs.Result(Status.Inconclusive),
            Runs.Result(Status.Skip), Runs.Result(Status.Flaky), Runs.Result(Status.XFail), Runs.Result(Status.XPass));
        var document = Parse(JUnitXml.Write(Runs.Header, run, Runs.NoFiles));
        foreach (var counted in (XElement[])[document.Root!, document.Root!.Element("testsuite")!])
        {
            using (Assert.EnterMultipleScope())
            {
                Assert.That(counted.Attribute("tests")!.Value, Is.EqualTo($"{document.Descendants("testcase").Count()}"));
                Assert.That(counted.Attribute("failures")!.Value, Is.EqualTo($"{document.Descendants("failure").Count()}"));
                Assert.That(counted.Attribute("errors")!.Value, Is.EqualTo($"{document.Descendants("error").Count()}"));
                Assert.That(counted.Attribute("skipped")!.Value, Is.EqualTo($"{document.Descendants("skipped").Count()}"));
            }
        }
    }

    // GitLab shows the content of an element, Jenkins its message.
    [TestCase(Status.Skip)]
    [TestCase(Status.Error)]
    public void A_reason_is_both_the_message_and_the_content(Status status)
    {
        var element = Only(Runs.Result(status, reason: "the capture\nlost packets")).Elements().Single();
        Assert.That((element.Attribute("message")!.Value, element.Value), Is.EqualTo(("the capture\\nlost packets", "the capture\nlost packets")));
    }

    [TestCase(null, false, "cases/x.pcapng")]
    [TestCase(null, true, "/build/app/report/cases/x.pcapng")]
    [TestCase("/build", false, "app/report/cases/x.pcapng")]
    [TestCase("/build/app", false, "report/cases/x.pcapng")]
    [TestCase("/elsewhere", false, "cases/x.pcapng")]
    public void An_attachment_is_named_from_where_the_ci_system_looks(string? gitlabProject, bool jenkins, string path) =>
        Assert.That(JUnitXml.Attachment("/build/app/report", "cases/x.pcapng", gitlabProject, jenkins), Is.EqualTo(path));

    [Test]
    public void What_was_run_stands_in_the_properties_before_all_tests()
    {
        var suite = Parse(JUnitXml.Write(Runs.Header, Runs.Of(Runs.Failed()), Runs.NoFiles)).Root!.Element("testsuite")!;
        Assert.That(suite.Elements().Select(element => element.Name.LocalName), Is.EqualTo((string[])["properties", "testcase"]));
        Assert.That(suite.Descendants("property").Single(property => property.Attribute("name")!.Value == "seed").Attribute("value")!.Value, Is.EqualTo("0x5EED"));
    }

    [Test]
    public void The_declared_encoding_is_that_of_the_file() =>
        Assert.That(JUnitXml.Write(Runs.Header, Runs.Of(), Runs.NoFiles), Does.StartWith("<?xml version=\"1.0\" encoding=\"utf-8\"?>"));

    private static XElement Only(RequirementResult result) =>
        Parse(JUnitXml.Write(Runs.Header, Runs.Of(result), Runs.NoFiles)).Descendants("testcase").Single();

    private static XDocument Parse(string xml)
    {
        var strict = new XmlReaderSettings { CheckCharacters = true, ConformanceLevel = ConformanceLevel.Document, DtdProcessing = DtdProcessing.Prohibit };
        using var reader = XmlReader.Create(new StringReader(xml), strict);
        return XDocument.Load(reader);
    }
}
