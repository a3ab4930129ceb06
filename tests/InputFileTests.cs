using System.Diagnostics;
using NUnit.Framework;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests;

public class InputFileTests
{
    [TestCase("a\nb\n", "a", "b")]
    [TestCase("a\r\nb\r\n", "a", "b")]
    [TestCase("a\n\nb", "a", "", "b")]
    [TestCase("", new string[0])]
    [TestCase("a\r", "a")]
    public void Lines_are_those_that_a_reader_of_texts_sees(string text, params string[] lines)
    {
        using var folder = new TempFolder();
        Assert.That(InputFile.Lines(folder.File("lines", text), 100), Is.EqualTo(lines));
    }

    [Test]
    public void Of_a_line_that_is_too_long_so_much_is_seen_that_it_shows()
    {
        using var folder = new TempFolder();
        var file = folder.File("lines", $"{new string('x', 100_000)}\r\nafter\n");
        Assert.That(InputFile.Lines(file, 10), Is.EqualTo((string[])[new string('x', 11), "after"]));
    }

    [Test]
    public void What_is_larger_than_it_may_be_is_not_read()
    {
        using var folder = new TempFolder();
        var file = folder.File("text", "\ufeff12345678");
        Assert.That(InputFile.ReadText(file, 11), Is.EqualTo("12345678"));
        Assert.That(() => InputFile.ReadBytes(file, 10), Throws.TypeOf<IOException>().With.Message.EqualTo("it has 11 bytes; at most 10 are read"));
    }

    [Test]
    public async Task What_is_no_regular_file_is_not_waited_for()
    {
        using var folder = new TempFolder();
        var pipe = Path.Combine(folder.Path, "pipe");
        using (var make = Process.Start("mkfifo", [pipe])) await make.WaitForExitAsync();
        Assert.That(() => InputFile.Open(pipe), Throws.TypeOf<IOException>().With.Message.EqualTo("it is no regular file"));
        Assert.That(() => InputFile.Open(Path.Combine(folder.Path, "nothing")), Throws.TypeOf<FileNotFoundException>());
    }
}
