package execution

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/graphql-go/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/lexer"
	"github.com/vektah/gqlparser/v2/parser"
)

// Document is a valid document, ready to be executed any number of times, also
// at the same time.
type Document struct {
	view       *view // what whoever sent it sees
	query      *ast.QueryDocument
	variables  map[*ast.VariableDefinition]graphql.Input
	conditions map[string]*ast.Position // variables of @skip and @include
}

// Prepare parses and validates a document and checks all limits that do not
// depend on variables, for those who see what ctx sees. It answers from a cache
// when it can; a document that is refused takes no place there. The error is an
// [Errors].
func (e *Engine) Prepare(ctx context.Context, query string) (*Document, error) {
	doc, errs := e.document(ctx, query)
	if len(errs) > 0 {
		return nil, errs
	}
	return doc, nil
}

func (e *Engine) document(ctx context.Context, query string) (doc *Document, errs Errors) {
	if len(query) > e.limits.DocumentBytes {
		return nil, Errors{invalid(nil, "The document is %d bytes long; at most %d are allowed. Put values into variables, or send it in smaller pieces.", len(query), e.limits.DocumentBytes)}
	}
	seen := e.view(ctx)
	key := cacheKey{seen.name, query}
	if doc, ok := e.cache.Get(key); ok {
		return doc, nil
	}
	// The parser and the validator are not ours, and what they read is not
	// either: a panic of theirs must cost this request only.
	defer func() {
		if cause := recover(); cause != nil {
			doc, errs = nil, Errors{e.internal(ctx, Failure{Err: &panicked{cause, debug.Stack()}})}
		}
	}()
	if doc, errs = e.prepare(seen, query); len(errs) > 0 {
		return nil, errs
	}
	if len(query) <= maxCachedBytes {
		e.cache.Add(key, doc)
	}
	return doc, nil
}

func (e *Engine) prepare(seen *view, text string) (*Document, Errors) {
	source := &ast.Source{Input: text}
	query, err := parser.ParseQueryWithTokenLimit(source, e.limits.Tokens)
	if err != nil {
		return nil, Errors{e.syntaxError(source, err)}
	}
	if len(query.Operations) == 0 {
		return nil, Errors{invalid(nil, "The document holds no query, mutation or subscription.")}
	}
	if err := e.checkSize(query); err != nil {
		return nil, Errors{err}
	}
	conditions, errs := e.validate(seen, query)
	if len(errs) > 0 {
		return nil, errs
	}
	if err := e.checkDepth(query); err != nil {
		return nil, Errors{err}
	}
	return &Document{view: seen, query: query, variables: e.variableTypes(query), conditions: conditions}, nil
}

func (e *Engine) syntaxError(source *ast.Source, err error) *Error {
	var failure *gqlerror.Error
	if !errors.As(err, &failure) {
		return invalid(nil, "%v", err)
	}
	if strings.HasPrefix(failure.Message, "exceeded token limit") {
		return invalid(tokenPosition(source, e.limits.Tokens),
			"The document has more than %d tokens, which is the limit; send it in smaller pieces.", e.limits.Tokens)
	}
	return fromParser(failure)
}

// fromParser keeps gqlparser's sentence and places and drops its file name.
func fromParser(failure *gqlerror.Error) *Error {
	err := invalid(nil, "%s", failure.Message)
	for _, at := range failure.Locations {
		err.Locations = append(err.Locations, Location{Line: at.Line, Column: at.Column})
	}
	return err
}

// tokenPosition finds the token after the first n.
func tokenPosition(source *ast.Source, n int) *ast.Position {
	tokens := lexer.New(source)
	for {
		token, err := tokens.ReadToken()
		if err != nil || token.Kind == lexer.EOF {
			return nil
		}
		if token.Kind == lexer.Comment {
			continue
		}
		if n == 0 {
			return &token.Pos
		}
		n--
	}
}

func (e *Engine) variableTypes(query *ast.QueryDocument) map[*ast.VariableDefinition]graphql.Input {
	all := map[*ast.VariableDefinition]graphql.Input{}
	for _, op := range query.Operations {
		for _, def := range op.VariableDefinitions {
			all[def] = e.inputType(def.Type)
		}
	}
	return all
}

func (e *Engine) inputType(t *ast.Type) graphql.Input {
	var typ graphql.Type
	if t.Elem != nil {
		typ = graphql.NewList(e.inputType(t.Elem))
	} else if typ = e.types.schema.Type(t.NamedType); typ == nil {
		typ = standardScalars[t.NamedType]
	}
	if t.NonNull {
		typ = graphql.NewNonNull(typ)
	}
	return typ
}

// standardScalars are in every schema, even when graphql-go met none of them.
var standardScalars = map[string]graphql.Type{
	"Int": graphql.Int, "Float": graphql.Float, "String": graphql.String, "Boolean": graphql.Boolean, "ID": graphql.ID,
}

// operation picks the operation that a request asks for: by its name, or the
// only one there is.
func (d *Document) operation(name string) (*ast.OperationDefinition, *Error) {
	if name == "" {
		if len(d.query.Operations) > 1 {
			return nil, invalid(nil, "The document holds %d operations; say with operationName which one is meant.", len(d.query.Operations))
		}
		return d.query.Operations[0], nil
	}
	if op := d.query.Operations.ForName(name); op != nil {
		return op, nil
	}
	var names []string
	for _, op := range d.query.Operations {
		if op.Name != "" {
			names = append(names, op.Name)
		}
	}
	if len(names) == 0 {
		return nil, invalid(nil, "The document holds no operation named %q.", name)
	}
	return nil, invalid(nil, "The document holds no operation named %q, only %s.", name, strings.Join(names, ", "))
}

// Kind says whether the named operation is a "query", a "mutation" or a
// "subscription". The name may be empty when the document holds one operation.
func (d *Document) Kind(operationName string) (string, error) {
	op, err := d.operation(operationName)
	if err != nil {
		return "", Errors{err}
	}
	return fmt.Sprint(op.Operation), nil
}
