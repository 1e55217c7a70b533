using Platform.Infrastructure.Data;

namespace Platform.Shop.Tests;

public sealed class SqlSpanNameTests
{
    [Theory]
    [InlineData("SELECT sku, name FROM products ORDER BY sku", "SELECT products")]
    [InlineData("INSERT INTO orders (id) VALUES ($1)", "INSERT orders")]
    [InlineData("update products set stock = stock - 1", "UPDATE products")]
    [InlineData("DELETE FROM outbox WHERE id = 1", "DELETE outbox")]
    [InlineData("SELECT 1", "SELECT")]
    [InlineData("WITH due AS (SELECT id FROM payments) UPDATE payments SET x = 1", "WITH")]
    [InlineData("  \n  SELECT id\nFROM\n  orders", "SELECT orders")]
    [InlineData("", "postgresql")]
    public void Of_AStatement_IsOperationAndTable(string sql, string expected) => Assert.Equal(expected, SqlSpanName.Of(sql));
}
