using SockConformance.Generate;
using SockConformance.Model;

namespace SockConformance.Tests.Shared;

/// <summary>Conversations with well-known services.</summary>
internal static class Speech
{
    public static Conversation Echo { get; } = new(ServiceSpec.Echo);
}
