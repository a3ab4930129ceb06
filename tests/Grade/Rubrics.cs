using SockConformance.Grade;
using SockConformance.Spec;
using SockConformance.Suites;

namespace SockConformance.Tests.Grade;

/// <summary>Rubrics for tests.</summary>
internal static class Rubrics
{
    public const string Small = """
        sockrubric: 1
        course: networks
        groups:
          - { name: Echoes, points: 60, requirements: [echo/data/unchanged, echo/data/every-size], grading: all-or-nothing }
          - { name: Closes, points: 40, requirements: [tcp/close/no-reset, { id: tcp/half-close, weight: 3 }], visibility: hidden }
        """;

    public static Rubric Read(string text) => RubricReader.Read(text, "r.yaml", Catalogue.Echo);

    /// <summary>The message for a rubric that is refused.</summary>
    public static string Refusal(string text)
    {
        try
        {
            Read(text);
            throw new InvalidOperationException("it was read");
        }
        catch (SpecException e)
        {
            return e.Message;
        }
    }
}
