using Course;
using SockConformance.Cli;
using SockConformance.Spec;

// The services of the course by name; a spec in a file (--spec FILE) gets the same requirements.
var shelf = new SpecShelf(["shout"], name =>
{
    using var reader = new StreamReader(typeof(Shouting).Assembly.GetManifestResourceStream($"{name}.yaml")!);
    return reader.ReadToEnd();
});

return ConformanceCli.Run(args, SuiteBook.Of(shelf, Shouting.For));
