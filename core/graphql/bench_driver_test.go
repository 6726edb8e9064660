package graphql_test

import (
	"database/sql"
	"encoding/json"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	_ "modernc.org/sqlite" // the driver by its name, as a program without xrm would use it
)

// bareSQLite lists products as a program would that knows how xrm keeps them:
// a prepared statement, a struct, encoding/json. Reading the document as a whole
// is faster than having SQLite take it apart into columns.
func bareSQLite(b *testing.B, file string) driverList {
	b.Helper()
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=query_only(1)")
	if err != nil {
		b.Fatal(err)
	}
	var list *sql.Stmt
	b.Cleanup(func() {
		if list != nil {
			list.Close()
		}
		db.Close()
	})
	return func(b *testing.B, size int) []byte {
		if list == nil { // the table is there by now
			if list, err = db.Prepare(`SELECT t.id, t.version, t.doc FROM entity_product AS t
				WHERE t.deleted_at IS NULL AND json_extract(t.doc, '$."name"') >= ?
				ORDER BY json_extract(t.doc, '$."name"'), t.id LIMIT ?`); err != nil {
				b.Fatal(err)
			}
		}
		rows, err := list.QueryContext(b.Context(), firstName, size)
		if err != nil {
			b.Fatal(err)
		}
		defer rows.Close()
		products := make([]product, 0, size)
		for rows.Next() {
			var p product
			var doc []byte
			if err := rows.Scan(&p.ID, &p.Version, &doc); err != nil {
				b.Fatal(err)
			}
			if err := json.Unmarshal(doc, &p); err != nil {
				b.Fatal(err)
			}
			products = append(products, p)
		}
		if err := rows.Err(); err != nil {
			b.Fatal(err)
		}
		return encoded(b, products)
	}
}

// bareMongo does the same with the MongoDB driver.
func bareMongo(b *testing.B, db *driver.Database) driverList {
	b.Helper()
	fields := bson.D{}
	for _, field := range []string{"version", "sku", "name", "category", "quantityPerUnit", "unitPrice", "unitsInStock", "discontinued"} {
		fields = append(fields, bson.E{Key: field, Value: 1})
	}
	return func(b *testing.B, size int) []byte {
		cursor, err := db.Collection("product").Find(b.Context(),
			bson.D{{Key: "name", Value: bson.D{{Key: "$gte", Value: firstName}}}, {Key: "_live", Value: true}},
			options.Find().SetSort(bson.D{{Key: "name", Value: 1}, {Key: "_id", Value: 1}}).SetLimit(int64(size)).SetProjection(fields))
		if err != nil {
			b.Fatal(err)
		}
		var documents []struct {
			ID              string `bson:"_id"`
			Version         int64
			SKU             string
			Name            string
			Category        string
			QuantityPerUnit string `bson:"quantityPerUnit"`
			UnitPrice       struct {
				Amount   bson.Decimal128
				Currency string
			} `bson:"unitPrice"`
			UnitsInStock int64 `bson:"unitsInStock"`
			Discontinued bool
		}
		if err := cursor.All(b.Context(), &documents); err != nil {
			b.Fatal(err)
		}
		products := make([]product, len(documents))
		for i, d := range documents {
			products[i] = product{d.ID, d.Version, d.SKU, d.Name, d.Category, d.QuantityPerUnit, price{d.UnitPrice.Amount.String(), d.UnitPrice.Currency}, d.UnitsInStock, d.Discontinued}
		}
		return encoded(b, products)
	}
}

func encoded(b *testing.B, products []product) []byte {
	text, err := json.Marshal(products)
	if err != nil {
		b.Fatal(err)
	}
	return text
}
