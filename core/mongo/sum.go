package mongo

import (
	"errors"

	"github.com/openxrm/xrm/schema"
	"github.com/shopspring/decimal"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// decimalDigits is what a Decimal128 holds. Where a sum needs more, the server
// rounds it, and does not say so.
const decimalDigits = 34

// summing is a way to have the server add up decimals.
type summing interface {
	// of lists what the server computes of a value that is a decimal or missing.
	of(value any) []bson.D
	// read returns the sum for the measure at this place; nil when every value
	// is missing.
	read(group bson.Raw, measure int) (any, error)
}

var errRounded = errors.New("the server may have rounded a sum")

// wholeSum adds up the values as they are, and refuses what may have been
// rounded.
type wholeSum struct{}

func (wholeSum) of(value any) []bson.D {
	return []bson.D{sumOf(value), sumOf(bson.D{{Key: "$abs", Value: value}})}
}

func (wholeSum) read(group bson.Raw, measure int) (any, error) {
	numbers, err := added(group, measure, 2)
	if err != nil || numbers == nil {
		return nil, err
	}
	sum, size := numbers[0], numbers[1]
	// A sum that was rounded once has 34 digits at that moment, and never has
	// fewer after the point from then on. The size says how many of the 34
	// can have stood before the point, one more to be on the safe side.
	before := size.NumDigits() + int(size.Exponent()) + 1
	if after := -int(sum.Exponent()); before+after >= decimalDigits {
		return nil, errRounded
	}
	return sum.String(), nil
}

// partSum adds up each quarter of the digits that a decimal may have by
// itself: 17 digits, which leaves 17 more for the sum of as many values as
// there will ever be. It takes the server twice as long.
type partSum struct{}

func (partSum) of(value any) []bson.D {
	whole := truncated(value, 0)
	fraction := difference(value, whole)
	upper, lower := truncated(whole, -17), truncated(fraction, 17)
	return []bson.D{sumOf(upper), sumOf(difference(whole, upper)), sumOf(lower), sumOf(difference(fraction, lower))}
}

func truncated(value any, place int) bson.D {
	return bson.D{{Key: "$trunc", Value: bson.A{value, place}}}
}

func difference(a, b any) bson.D { return bson.D{{Key: "$subtract", Value: bson.A{a, b}}} }

func (partSum) read(group bson.Raw, measure int) (any, error) {
	numbers, err := added(group, measure, 4)
	if err != nil || numbers == nil {
		return nil, err
	}
	return decimal.Sum(numbers[0], numbers[1:]...).String(), nil
}

// added reads what the server has added up, with all the digits that it has
// after the point; nil where it has found no decimal, of which it makes an
// integer 0.
func added(group bson.Raw, measure, parts int) ([]decimal.Decimal, error) {
	numbers := make([]decimal.Decimal, parts)
	for part := range numbers {
		value, err := decodeAt(group, measureField(measure, part))
		if err != nil {
			return nil, err
		}
		text, found := value.(string)
		if !found {
			return nil, nil
		}
		numbers[part] = schema.Decimal(text)
	}
	return numbers, nil
}
