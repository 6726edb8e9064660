package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// maxStatements bounds the prepared statements that a connection keeps. The
// text of a statement depends on the shape of a query alone, not on its
// values.
const maxStatements = 200

// conn is one connection with its prepared statements. One goroutine at a
// time uses it.
type conn struct {
	*sql.Conn
	statements *simplelru.LRU[string, *sql.Stmt]
	durable    bool    // what PRAGMA synchronous stands on
	handle     uintptr // to interrupt it
}

func newConn(c *sql.Conn) (*conn, error) {
	statements, err := simplelru.NewLRU(maxStatements, func(_ string, s *sql.Stmt) { _ = s.Close() })
	if err != nil {
		return nil, err
	}
	db, err := handle(c)
	return &conn{Conn: c, statements: statements, durable: true, handle: db}, err
}

func (c *conn) prepare(ctx context.Context, text string) (*sql.Stmt, error) {
	if s, ok := c.statements.Get(text); ok {
		return s, nil
	}
	s, err := c.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	c.statements.Add(text, s)
	return s, nil
}

func (c *conn) exec(ctx context.Context, text string, args ...any) (sql.Result, error) {
	s, err := c.prepare(ctx, text)
	if err != nil {
		return nil, err
	}
	return s.ExecContext(ctx, args...)
}

// query calls each for every row; each scans it.
func (c *conn) query(ctx context.Context, text string, args []any, each func(*sql.Rows) error) error {
	s, err := c.prepare(ctx, text)
	if err != nil {
		return err
	}
	rows, err := s.QueryContext(ctx, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	defer c.interruptible(ctx)()
	for rows.Next() {
		if err := each(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// row scans the one row of a query, and says whether there is one.
func (c *conn) row(ctx context.Context, text string, args []any, into ...any) (found bool, err error) {
	err = c.query(ctx, text, args, func(rows *sql.Rows) error {
		found = true
		return rows.Scan(into...)
	})
	return found, err
}

// setDurable says whether a transaction waits until the disk has it.
func (c *conn) setDurable(ctx context.Context, durable bool) error {
	if c.durable == durable {
		return nil
	}
	mode := "PRAGMA synchronous = NORMAL"
	if durable {
		mode = "PRAGMA synchronous = FULL"
	}
	if _, err := c.exec(ctx, mode); err != nil {
		return err
	}
	c.durable = durable
	return nil
}

// opener opens connections to one database with our driver.
type opener struct {
	driver driver.Driver
	dsn    string
}

func (o opener) Connect(ctx context.Context) (driver.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return o.driver.Open(o.dsn)
}

func (o opener) Driver() driver.Driver { return o.driver }

// pool hands out connections that it opens when they are first needed.
type pool struct {
	db    *sql.DB
	slots chan *conn // nil for one that is not open yet
}

func newPool(db *sql.DB, size int) *pool {
	p := &pool{db: db, slots: make(chan *conn, size)}
	for range size {
		p.slots <- nil
	}
	return p
}

// take waits for a connection; what is taken must be put back.
func (p *pool) take(ctx context.Context, closed <-chan struct{}) (*conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case <-closed:
		return nil, errClosed
	default:
	}
	var c *conn
	select {
	case c = <-p.slots:
	case <-closed:
		return nil, errClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if c != nil {
		return c, nil
	}
	opened, err := p.db.Conn(ctx)
	if err == nil {
		c, err = newConn(opened)
	}
	if err != nil {
		p.put(nil)
		return nil, err
	}
	return c, nil
}

func (p *pool) put(c *conn) { p.slots <- c }

// drain waits until all connections are back and keeps them.
func (p *pool) drain() {
	for range cap(p.slots) {
		if c := <-p.slots; c != nil {
			c.statements.Purge()
			_ = c.Close()
		}
	}
}
