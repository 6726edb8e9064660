// Package integrity looks for what should not be in the database: references that
// lead nowhere. It reads everything, so it is for administrators, a part at a time.
package integrity
