using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Tests.Host;
using Aspire.Hosting.Tests.Support;

namespace Aspire.Hosting.Tests.Model;

public sealed class ParameterTests
{
    [Fact]
    public void Value_InConfiguration_ComesFromThere()
    {
        var builder = AppModel.Create("Parameters:colour=red");

        Assert.Equal("red", builder.AddParameter("colour").Resource.Value);
    }

    [Fact]
    public void Value_DashedName_IsAlsoReadWithUnderscores()
    {
        var builder = AppModel.Create("Parameters:orders_db_password=red");

        Assert.Equal("red", builder.AddParameter("orders-db-password").Resource.Value);
    }

    [Fact]
    public void Value_ConfigurationAndDefault_ConfigurationWins()
    {
        var builder = AppModel.Create("Parameters:colour=red");

        Assert.Equal("red", builder.AddParameter("colour", new ConstantDefault("blue")).Resource.Value);
        Assert.Equal("blue", builder.AddParameter("other", new ConstantDefault("blue")).Resource.Value);
    }

    [Fact]
    public void Value_Missing_SaysWhichKey()
    {
        var error = Assert.Throws<MissingParameterValueException>(() => AppModel.Create().AddParameter("colour").Resource.Value);

        Assert.Equal(
            "Parameter resource could not be used because configuration key 'Parameters:colour' is missing and the Parameter has no default value.", error.Message);
    }

    [Fact]
    public void Value_Explicit_WinsOverConfiguration()
    {
        var builder = AppModel.Create("Parameters:colour=red");

        Assert.Equal("blue", builder.AddParameter("colour", "blue").Resource.Value);
    }

    [Fact]
    public void Value_OtherKey_ComesFromThere()
    {
        var builder = AppModel.Create("Paint:Colour=red");

        Assert.Equal("red", builder.AddParameterFromConfiguration("colour", "Paint:Colour").Resource.Value);
    }

    [Fact]
    public void AddParameter_SecretPublishedAsDefault_Throws()
    {
        Assert.Throws<ArgumentException>(() => AppModel.Create().AddParameter("colour", "red", publishValueAsDefault: true, secret: true));
    }

    [Fact]
    public void Password_OfPostgres_Has22AllowedCharactersAndIsSecret()
    {
        var password = AppModel.Create().AddPostgres("pg").Resource.PasswordParameter;

        Assert.Equal(("pg-password", true), (password.Name, password.Secret));
        Assert.Matches(@"^[a-hjkmnp-zA-HJKMNP-Z0-9\-_.{}~()*+!]{22}$", password.Value);
        Assert.Same(password.Value, password.Value);
    }

    [Fact]
    public void Password_OfRedisAndRabbit_HasNoSpecialCharacters()
    {
        var builder = AppModel.Create();

        Assert.Matches("^[a-hjkmnp-zA-HJKMNP-Z0-9]{22}$", builder.AddRedis("cache").Resource.PasswordParameter!.Value);
        Assert.Matches("^[a-hjkmnp-zA-HJKMNP-Z0-9]{22}$", builder.AddRabbitMQ("broker").Resource.PasswordParameter.Value);
    }

    [Fact]
    public void Password_InConfiguration_IsNotGenerated()
    {
        var builder = AppModel.Create("Parameters:pg-password=known");

        Assert.Equal("known", builder.AddPostgres("pg").Resource.PasswordParameter.Value);
    }

    [Fact]
    public void Generated_LeastNumbers_AreKept()
    {
        var value = new GenerateParameterDefault { MinLength = 20, MinLower = 3, MinUpper = 4, MinNumeric = 5, MinSpecial = 6 }.GetDefaultValue();

        Assert.Equal(20, value.Length);
        Assert.True(value.Count(char.IsAsciiLetterLower) >= 3);
        Assert.True(value.Count(char.IsAsciiLetterUpper) >= 4);
        Assert.True(value.Count(char.IsAsciiDigit) >= 5);
        Assert.True(value.Count(c => !char.IsAsciiLetterOrDigit(c)) >= 6);
    }

    [Fact]
    public void Generated_NoKindOfCharacter_Throws()
    {
        var nothing = new GenerateParameterDefault { Lower = false, Upper = false, Numeric = false, Special = false };

        Assert.Throws<InvalidOperationException>(nothing.GetDefaultValue);
    }
}
