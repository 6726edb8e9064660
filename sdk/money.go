package sdk

import "fmt"

// Money is an amount in a currency (ISO 4217), as a field of the type money has it.
// The zero value is no amount at all.
type Money struct {
	Amount   Decimal `json:"amount"`
	Currency string  `json:"currency"`
}

// Add returns the sum. Amounts of two currencies have none, and an error says so; no
// amount at all adds nothing.
func (m Money) Add(n Money) (Money, error) {
	switch {
	case m == Money{}:
		return n, nil
	case n == Money{}:
		return m, nil
	case m.Currency != n.Currency:
		return Money{}, fmt.Errorf("%s and %s are of two currencies: they have no sum", m, n)
	}
	return Money{Amount: m.Amount.Add(n.Amount), Currency: m.Currency}, nil
}

// Times returns the amount multiplied, with all its digits: Round the Amount to
// those that the currency has.
func (m Money) Times(factor Decimal) Money {
	return Money{Amount: m.Amount.Mul(factor), Currency: m.Currency}
}

// String writes "12.50 EUR".
func (m Money) String() string { return string(m.Amount) + " " + m.Currency }
