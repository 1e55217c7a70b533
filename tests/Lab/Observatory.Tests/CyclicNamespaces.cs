// Two namespaces that use each other, for the test of the rule that forbids it.
namespace Cyclic.One
{
    internal sealed class First
    {
        public Two.Second? Second { get; set; }
    }
}

namespace Cyclic.Two
{
    internal sealed class Second
    {
        public One.First? First { get; set; }
    }
}
