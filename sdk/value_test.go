package sdk_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/sdk"
)

func TestValuesOfARecordAreReadInTheirTypes(t *testing.T) {
	t.Parallel()
	r := &sdk.Record{Values: map[string]any{
		"name": "Dog food", "units": int64(math.MaxInt64), "sold": true, "weight": "2.50", "soldOn": "2026-02-28", "soldAt": "2026-02-28T09:30:00.000Z",
		"total": map[string]any{"amount": "12.5", "currency": "EUR"}, "address": map[string]any{"city": "Köln", "floor": int64(3)},
	}}
	want := []any{
		"Dog food", int64(math.MaxInt64), true, sdk.Decimal("2.50"), sdk.Date("2026-02-28"), time.Date(2026, 2, 28, 9, 30, 0, 0, time.UTC),
		sdk.Money{Amount: "12.5", Currency: "EUR"}, "Köln", int64(3), sdk.Decimal("12.5"), sdk.Decimal("3"),
	}
	got := []any{
		r.Text("name"), r.Int("units"), r.Bool("sold"), r.Decimal("weight"), r.Date("soldOn"), r.Time("soldAt"),
		r.Money("total"), r.Text("address.city"), r.Int("address.floor"), r.Decimal("total.amount"), r.Decimal("address.floor"),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	for _, path := range []string{"nothing", "name.nothing", "nothing.at.all", "", "address", "address."} {
		got := []any{r.Text(path), r.Int(path), r.Bool(path), r.Decimal(path), r.Date(path), r.Time(path), r.Money(path)}
		if diff := cmp.Diff([]any{"", int64(0), false, sdk.Decimal(""), sdk.Date(""), time.Time{}, sdk.Money{}}, got); diff != "" {
			t.Errorf("%q: -want +got\n%s", path, diff)
		}
	}
}

func TestDecimalsAreExact(t *testing.T) {
	t.Parallel()
	var zero sdk.Decimal
	want := []any{sdk.Decimal("0.3"), sdk.Decimal("-0.1"), sdk.Decimal("12345678901234567890.12345"), sdk.Decimal("0.33"), sdk.Decimal("2.35"), sdk.Decimal("-2.35"), sdk.Decimal("5"), 0, -1, 1, 0}
	got := []any{
		sdk.Decimal("0.1").Add("0.2"), sdk.Decimal("0.1").Sub("0.20"), sdk.Decimal("12345678901234567890.12345").Mul("1.0"), sdk.Decimal("1").Div("3", 2),
		sdk.Decimal("2.345").Round(2), sdk.Decimal("-2.345").Round(2), zero.Add("5.00"), sdk.Decimal("1.5").Cmp("1.50"), sdk.Decimal("-3").Sign(), sdk.Decimal("3").Neg().Neg().Sign(), zero.Sign(),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestWhatIsNoNumberIsNoDecimal(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"1e9", "1E9", "1,5", "x", "1.2.3", "-", " 1", "NaN", "Infinity"} {
		if _, err := sdk.ParseDecimal(text); err == nil || !strings.HasSuffix(err.Error(), " is no number; write it as -12.50") {
			t.Errorf("%q: %v", text, err)
		}
	}
	if d, err := sdk.ParseDecimal("-12.50"); err != nil || d != "-12.50" {
		t.Errorf("%s, %v", d, err)
	}
}

func TestAmountsOfTwoCurrenciesHaveNoSum(t *testing.T) {
	t.Parallel()
	euros, francs := sdk.Money{Amount: "12.50", Currency: "EUR"}, sdk.Money{Amount: "1", Currency: "CHF"}
	if got, err := euros.Add(euros.Times("0.5")); err != nil || got != (sdk.Money{Amount: "18.75", Currency: "EUR"}) {
		t.Errorf("%s, %v", got, err)
	}
	if got, err := (sdk.Money{}).Add(francs); err != nil || got != francs {
		t.Errorf("%s, %v", got, err)
	}
	const want = "12.50 EUR and 1 CHF are of two currencies: they have no sum"
	if _, err := euros.Add(francs); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestTimeSpansHaveDays(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"14d": 14 * 24 * time.Hour, "1d12h30m": 36*time.Hour + 30*time.Minute, "48h": 48 * time.Hour, "90m": 90 * time.Minute, "0s": 0,
	} {
		var d sdk.Duration
		if err := d.UnmarshalText([]byte(text)); err != nil || d.Std() != want {
			t.Errorf("%s is %s, %v", text, d.Std(), err)
		}
		written, _ := d.MarshalText()
		var again sdk.Duration
		if err := again.UnmarshalText(written); err != nil || again != d {
			t.Errorf("%s is written as %s", text, written)
		}
	}
	for _, text := range []string{"", "d", "-1d", "1d2d", "12", "1d2", "106752d", "106751d24h", "9999999999999999999d"} {
		var d sdk.Duration
		if err := d.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is %s", text, d.Std())
		}
	}
}
