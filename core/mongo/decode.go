package mongo

import (
	"fmt"
	"strings"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// decodeRecord reads a record's document. It needs no schema: the BSON type
// says what the canonical form is.
func decodeRecord(entity string, raw bson.Raw) (*core.Record, error) {
	return decoding{}.record(entity, raw)
}

// decodeTyped is decodeRecord with what is stored with a type of its own as
// core.Typed.
func decodeTyped(entity string, raw bson.Raw) (*core.Record, error) {
	return decoding{typed: true}.record(entity, raw)
}

// decoding is how values are read.
type decoding struct{ typed bool }

func (d decoding) record(entity string, raw bson.Raw) (*core.Record, error) {
	elements, err := raw.Elements()
	if err != nil {
		return nil, fmt.Errorf("read a document of %s: %w", entity, err)
	}
	r := &core.Record{Entity: entity, Values: make(map[string]any, len(elements))}
	for _, element := range elements {
		name, v := element.Key(), element.Value()
		switch name {
		case idField:
			r.ID = v.StringValue()
		case versionField:
			r.Version = v.AsInt64()
		case "createdAt":
			r.CreatedAt = v.Time().UTC()
		case "createdBy":
			r.CreatedBy = v.StringValue()
		case "updatedAt":
			r.UpdatedAt = v.Time().UTC()
		case "updatedBy":
			r.UpdatedBy = v.StringValue()
		case deletedField:
			r.DeletedAt = v.Time().UTC()
		case liveField, wordsField, sortField, journalField, claimsField, notedField, batchField:
		default:
			value, err := d.value(v)
			if err != nil {
				return nil, fmt.Errorf("read %s of %s %s: %w", name, entity, r.ID, err)
			}
			if value != nil {
				r.Values[name] = value
			}
		}
	}
	return r, nil
}

// decode turns a stored value into its canonical form; nil for a stored null.
func decode(v bson.RawValue) (any, error) { return decoding{}.value(v) }

func (d decoding) value(v bson.RawValue) (any, error) {
	switch v.Type {
	case bson.TypeString:
		return v.StringValue(), nil
	case bson.TypeInt64, bson.TypeInt32:
		return v.AsInt64(), nil
	case bson.TypeBoolean:
		return v.Boolean(), nil
	case bson.TypeDecimal128:
		text, err := plainDecimal(v.Decimal128())
		return d.text("decimal", text), err
	case bson.TypeDateTime:
		return d.text("datetime", time.UnixMilli(v.DateTime()).UTC().Format(schema.InstantFormat)), nil
	case bson.TypeEmbeddedDocument:
		return d.object(v.Document())
	case bson.TypeArray:
		return d.list(v.Array())
	case bson.TypeNull:
		return nil, nil
	}
	return nil, fmt.Errorf("a value of BSON type %s was not written by xrm", v.Type)
}

func (d decoding) text(kind, text string) any {
	if d.typed {
		return core.Typed{Type: kind, Text: text}
	}
	return text
}

func decodeObject(raw bson.Raw) (map[string]any, error) { return decoding{}.object(raw) }

func (d decoding) object(raw bson.Raw) (map[string]any, error) {
	elements, err := raw.Elements()
	if err != nil {
		return nil, err
	}
	object := make(map[string]any, len(elements))
	for _, element := range elements {
		value, err := d.value(element.Value())
		if err != nil {
			return nil, err
		}
		if value != nil {
			object[element.Key()] = value
		}
	}
	return object, nil
}

func (d decoding) list(raw bson.RawArray) ([]any, error) {
	items, err := raw.Values()
	if err != nil {
		return nil, err
	}
	list := make([]any, len(items))
	for i, item := range items {
		if list[i], err = d.value(item); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// plainDecimal writes a decimal without an exponent, with the digits that
// were stored.
func plainDecimal(d bson.Decimal128) (string, error) {
	digits, exponent, err := d.BigInt()
	if err != nil {
		return "", fmt.Errorf("the decimal %s is no number", d)
	}
	text, sign := digits.String(), ""
	if digits.Sign() < 0 {
		text, sign = text[1:], "-"
	}
	switch {
	case exponent > 0 && digits.Sign() != 0:
		text += strings.Repeat("0", exponent)
	case exponent < 0:
		if missing := 1 - exponent - len(text); missing > 0 {
			text = strings.Repeat("0", missing) + text
		}
		point := len(text) + exponent
		text = text[:point] + "." + text[point:]
	}
	return sign + text, nil
}
