package execution

import (
	"context"
	"runtime/debug"
	"strings"

	"github.com/openxrm/xrm/core/budget"
	"github.com/vektah/gqlparser/v2/ast"
)

// Execute answers a query or a mutation. The root is the parent that the
// resolvers of the root fields get. It never fails otherwise than by the errors
// in the result; when ctx ends, the result holds what was ready by then.
func (e *Engine) Execute(ctx context.Context, r Request, root any) *Result {
	p, refused := e.Plan(ctx, r)
	if refused != nil {
		return refused
	}
	return p.Execute(ctx, root)
}

// Execute is that of the engine, for what is planned.
func (p *Plan) Execute(ctx context.Context, root any) (result *Result) {
	if p.op.Operation == ast.Subscription {
		return Refuse(invalid(p.op.Position, "A subscription has no single answer; ask for it where events can be sent."))
	}
	return p.execute(ctx, root)
}

func (p *Plan) execute(ctx context.Context, root any) (result *Result) {
	defer p.engine.refuseOnPanic(ctx, &result)
	x := p.run(ctx, root)
	x.start()
	return &Result{Executed: true, Errors: x.errs, Extensions: x.extensions(p.extensions), data: x.data, size: bytesPerValue * x.values}
}

func (p *Plan) run(ctx context.Context, root any) *run {
	if p.engine.begin != nil {
		ctx = p.engine.begin(ctx)
	}
	return &run{ctx: ctx, budget: budget.From(ctx), engine: p.engine, op: p.op, vars: p.vars, root: root}
}

// refuseOnPanic is deferred where the code of others is called.
func (e *Engine) refuseOnPanic(ctx context.Context, result **Result) {
	if cause := recover(); cause != nil {
		*result = Refuse(e.internal(ctx, Failure{Err: &panicked{cause, debug.Stack()}}))
	}
}

// run is one execution. It belongs to one goroutine.
type run struct {
	ctx    context.Context
	budget *budget.Request
	engine *Engine
	op     *ast.OperationDefinition
	vars   map[string]any
	root   any

	data    *holder // nil once the whole answer is null
	queue   []*group
	errs    Errors
	nulled  bool    // whether any holder is dead
	ended   bool    // whether ctx ended before the answer was complete
	over    bool    // whether the answer has more values than it may
	cuts    [][]any // where the lists are that go on
	full    error   // why there was no more room in memory; nil when there was
	holders []holder
	values  int // how many the answer has room for
	about   int // how many of these tell of the schema
}

// bytesPerValue is what a value of an answer takes with its name, roughly.
const bytesPerValue = 24

// group is all objects of one type at one path: what is resolved together.
type group struct {
	typ     *objectType
	nodes   []*ast.Field // what is selected for the objects
	path    []string
	sources []any
	holders []*holder
}

func (x *run) start() {
	x.data = x.newHolder(nil, 0, false)
	g := &group{
		typ:     x.engine.types.roots[x.op.Operation],
		nodes:   x.rootNodes(),
		sources: []any{x.root},
		holders: []*holder{x.data},
	}
	if x.op.Operation == ast.Mutation {
		x.mutate(g)
	} else {
		x.queue = append(x.queue, g)
		x.drain()
	}
	switch {
	case x.full != nil:
		x.errs = append(x.errs, presentable(x.full))
	case x.over:
		x.errs = append(x.errs, invalid(nil, "The answer has %d values and is not complete; at most %d are allowed. Ask for smaller pages (first, last) or fewer fields.", x.values, x.engine.limits.Values))
	case x.ended:
		x.errs = append(x.errs, stopped(x.ctx.Err()))
	}
}

// rootNodes are what the operation selects, as if it was a field.
func (x *run) rootNodes() []*ast.Field {
	return []*ast.Field{{SelectionSet: x.op.SelectionSet}}
}

// mutate carries out the root fields one after another, each to its end. When
// one makes the whole answer null, the rest is not carried out; when the time
// is up, the rest is null, but what has been done is still told. Those of a marked
// mutation go together.
func (x *run) mutate(g *group) {
	fields := x.prepare(g)
	if mark := x.op.Directives.ForName(x.engine.together.Directive); mark != nil {
		x.mutateTogether(g, fields, mark)
		return
	}
	for i, f := range fields {
		if x.data == nil {
			return
		}
		if x.stop() {
			x.null(g.holders[0], i, isNonNull(f.def.typ))
			continue
		}
		x.resolve(g, f, i)
		x.drain()
	}
}

func (x *run) drain() {
	for len(x.queue) > 0 {
		g := x.queue[0]
		x.queue = x.queue[1:]
		if x.nulled {
			g.keepAlive()
		}
		if len(g.holders) == 0 {
			continue
		}
		for i, f := range x.prepare(g) {
			if x.stop() {
				x.abandon(g)
				break
			}
			x.resolve(g, f, i)
		}
	}
}

// stop says whether the time is up, or the answer as large as it may be.
func (x *run) stop() bool {
	if !x.ended && x.ctx.Err() != nil {
		x.ended = true
	}
	return x.ended || x.over
}

// bytesPerHeld is what a value takes until the answer is written, with its share of
// the object or list that it stands in.
const bytesPerHeld = 40

// room says whether the answer may have so many values more of a type.
func (x *run) room(n int, typeName string) bool {
	if x.over {
		return false
	}
	if x.values += n; strings.HasPrefix(typeName, "__") {
		x.about += n
	}
	if err := x.budget.Take(int64(n) * bytesPerHeld); err != nil {
		x.over, x.full = true, err
	}
	if x.values-x.about+x.about/x.engine.perValue > x.engine.limits.Values {
		x.over = true
	}
	return !x.over
}

// abandon gives up objects that did not get all their fields: an object with
// holes would break the promises of the schema.
func (x *run) abandon(g *group) {
	for _, h := range g.holders {
		if h.alive() {
			x.kill(h)
		}
	}
}

// prepare makes room for the fields of the objects of a group.
func (x *run) prepare(g *group) []*collected {
	fields := x.collect(g.typ, g.nodes)
	if !x.room(len(fields)*len(g.holders), g.typ.name) {
		x.abandon(g)
		return nil
	}
	room := make([]any, len(fields)*len(g.holders))
	for i, h := range g.holders {
		h.fields = fields
		h.values = room[i*len(fields) : (i+1)*len(fields) : (i+1)*len(fields)]
	}
	return fields
}

// keepAlive drops the objects that were nulled while they waited.
func (g *group) keepAlive() {
	n := 0
	for i, h := range g.holders {
		if h.alive() {
			g.holders[n], g.sources[n] = h, g.sources[i]
			n++
		}
	}
	g.holders, g.sources = g.holders[:n], g.sources[:n]
}

// newHolder takes holders from blocks: an answer has many.
func (x *run) newHolder(parent *holder, index int, nonNull bool) *holder {
	if len(x.holders) == cap(x.holders) {
		x.holders = make([]holder, 0, min(256, max(8, 2*cap(x.holders))))
	}
	x.holders = append(x.holders, holder{parent: parent, index: index, nonNull: nonNull})
	return &x.holders[len(x.holders)-1]
}

// null writes null at a place of the answer. Where null is refused, the whole
// holder goes, and so on upwards.
func (x *run) null(h *holder, i int, nonNull bool) {
	if nonNull {
		x.kill(h)
	} else {
		h.values[i] = nil
	}
}

func (x *run) kill(h *holder) {
	x.nulled = true
	h.dead = true
	if h.parent == nil {
		x.data = nil
		return
	}
	x.null(h.parent, h.index, h.nonNull)
}
