using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using NUnit.Framework;
using SockConformance.Cli;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Docs;

/// <summary>What other people's programs may rely on: it changes only where somebody says so, in PublicApi.txt.</summary>
public sealed class PublicApi
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    [Test]
    public void The_public_types_and_members_of_the_library_are_those_that_were_approved()
    {
        var path = Path.Combine(Repository.Root, "tests", "Docs", "PublicApi.txt");
        var text = Text(typeof(ConformanceCli).Assembly.GetExportedTypes());
        if (Environment.GetEnvironmentVariable("SOCKCONF_UPDATE_DOCS") is "1") File.WriteAllText(path, text);
        Assert.That(text, Is.EqualTo(File.Exists(path) ? File.ReadAllText(path) : ""), "the public API is not the approved one: SOCKCONF_UPDATE_DOCS=1 dotnet test --filter PublicApi writes it anew");
    }

    [Test]
    public void A_change_is_seen() => Assert.That(Text([typeof(Exit)]), Does.Contain("SockConformance.Cli.Exit: static class\n").And.Contain("  const Int32 Undecided = 7\n").And.Contain("  static Int32 Interrupted(Int32 signal)\n"));

    /// <summary>A line for each type, and one for each member that is its own; what the compiler adds to records is left out.</summary>
    private static string Text(IEnumerable<Type> types)
    {
        var text = new StringBuilder();
        foreach (var type in types.OrderBy(type => type.FullName, StringComparer.Ordinal))
        {
            text.Append($"{NameOf(type)}: {KindOf(type)}{(type.BaseType is { } above && above != typeof(object) && above != typeof(ValueType) && above != typeof(Enum) ? $" : {NameOf(above)}" : "")}\n");
            foreach (var line in type.GetMembers(Declared).Select(Line).OfType<string>().Order(StringComparer.Ordinal)) text.Append($"  {line}\n");
        }

        return text.ToString();
    }

    private static string KindOf(Type type) => type switch
    {
        { IsEnum: true } => "enum",
        { IsInterface: true } => "interface",
        { IsValueType: true } => "struct",
        { IsAbstract: true, IsSealed: true } => "static class",
        { IsAbstract: true } => "abstract class",
        { IsSealed: true } => "sealed class",
        _ => "class",
    };

    private static string? Line(MemberInfo member) => member switch
    {
        _ when member.IsDefined(typeof(CompilerGeneratedAttribute)) || member.Name is "ToString" or "Equals" or "GetHashCode" or "Deconstruct" or "value__" or "<Clone>$" => null,
        FieldInfo { IsLiteral: true } field => $"const {NameOf(field.FieldType)} {field.Name} = {field.GetRawConstantValue()}",
        FieldInfo field => $"{(field.IsStatic ? "static " : "")}{NameOf(field.FieldType)} {field.Name}",
        PropertyInfo property => $"{(property.GetMethod is { IsStatic: true } ? "static " : "")}{NameOf(property.PropertyType)} {property.Name} {{ {(property.GetMethod is { IsPublic: true } ? "get; " : "")}{(property.SetMethod is { IsPublic: true } setter ? setter.ReturnParameter.GetRequiredCustomModifiers().Length > 0 ? "init; " : "set; " : "")}}}",
        ConstructorInfo maker => $"new({Parameters(maker)})",
        MethodInfo { IsSpecialName: true } => null,
        MethodInfo method => $"{(method.IsStatic ? "static " : "")}{NameOf(method.ReturnType)} {method.Name}({Parameters(method)})",
        _ => null,
    };

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(one => $"{NameOf(one.ParameterType)} {one.Name}"));

    private static string NameOf(Type type) =>
        type.IsGenericType ? $"{type.Name.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(NameOf))}>"
        : type.HasElementType ? $"{NameOf(type.GetElementType()!)}{(type.IsArray ? "[]" : "&")}"
        : type.IsNested ? $"{NameOf(type.DeclaringType!)}.{type.Name}"
        : type.Namespace?.StartsWith("SockConformance", StringComparison.Ordinal) == true ? type.FullName! : type.Name;
}
