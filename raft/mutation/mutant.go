package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"path"
	"strings"
)

// mutant is one change at one place in the source. Its number is its place in the list of all, from 1.
type mutant struct {
	pkg      string // its folder below raft; empty: the core
	file     string
	line     int
	function string // the function of the place, a method with its receiver: (*Node).Tick
	operator operator
	before   string // the place as it stands, on one line
	after    string // what the mutant has there; empty if the statement is dropped
	nth      int    // of the function's mutants that read the same, from 1
}

// operator is a way to change a program.
type operator string

const (
	negation   operator = "negation"   // a condition of if, for or case holds when it should not
	border     operator = "border"     // < and <=, > and >=: the border belongs to the other side
	equality   operator = "equality"   // == and !=, where they are a part of a condition
	connective operator = "connective" // && and ||
	sign       operator = "sign"       // + and − of integers, also += and -=
	extreme    operator = "extreme"    // min and max
	constant   operator = "constant"   // 0 and 1, true and false
	// a statement that is not executed: an assignment, a call, ++ and --, an early exit
	drop operator = "drop"
)

// title distinguishes the mutant from all others of its function, and stays the same when lines move.
func (m mutant) title() string {
	title := "`" + m.before + "` → `" + m.after + "`"
	if m.operator == drop {
		title = "`" + m.before + "` dropped"
	}
	if m.nth > 1 {
		title += fmt.Sprintf(" (%d)", m.nth)
	}
	return title
}

// place names the function: election.go (*Node).campaign, or wal/wal.go (*WAL).Save.
func (m mutant) place() string { return path.Join(m.pkg, m.file) + " " + m.function }

func (m mutant) String() string {
	return fmt.Sprintf("%s:%d %s: %s", path.Join(m.pkg, m.file), m.line, m.function, m.title())
}

// rewriter finds the mutants of one file, and collects the edits that put all of them into it. Edits change
// the text, not the tree, so every line keeps its number, also in panics and compiler errors.
type rewriter struct {
	fset    *token.FileSet
	info    *types.Info
	pkg     *types.Package
	text    []byte
	name    string // of the package, as mutants have it
	file    string
	found   *[]mutant
	edits   []edit
	parents []ast.Node        // of the place that is being visited, outermost first
	whole   map[ast.Expr]bool // whole conditions, where equality would do the same as negation
	last    map[ast.Stmt]bool // statements after which their function ends anyway
}

// function puts the mutants of a function into the text.
func (r *rewriter) function(f *ast.FuncDecl) {
	if f.Body == nil {
		return
	}
	name := f.Name.Name
	if f.Recv != nil {
		name = "(" + types.ExprString(f.Recv.List[0].Type) + ")." + name
	}
	r.whole, r.last = map[ast.Expr]bool{}, map[ast.Stmt]bool{}
	r.markLast(f.Body.List, f.Type.Results == nil)
	before := len(*r.found)
	ast.Inspect(f.Body, func(n ast.Node) bool {
		if n == nil {
			r.parents = r.parents[:len(r.parents)-1]
			return true
		}
		if !r.visit(n) {
			return false
		}
		r.parents = append(r.parents, n)
		return true
	})
	same := map[string]int{}
	for i := before; i < len(*r.found); i++ {
		m := &(*r.found)[i]
		m.function = name
		m.nth = 1
		same[m.title()]++
		m.nth = same[m.title()]
	}
}

// visit puts the mutants of one node into the text and reports whether to look inside it.
func (r *rewriter) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.GenDecl:
		return n.Tok == token.VAR
	case *ast.ArrayType:
		return false
	case *ast.FuncLit:
		r.markLast(n.Body.List, n.Type.Results == nil)
	case *ast.BlockStmt:
		r.dropEach(n.List)
	case *ast.CaseClause:
		r.dropEach(n.Body)
	case *ast.IfStmt:
		r.negate(n.Cond)
	case *ast.ForStmt:
		r.negate(n.Cond)
	case *ast.SwitchStmt:
		r.negateCases(n)
	case *ast.AssignStmt:
		r.changeSignOfAssignment(n)
	case *ast.BinaryExpr:
		return r.changeBinary(n)
	case *ast.CallExpr:
		r.changeExtreme(n)
	case *ast.BasicLit:
		r.changeNumber(n)
	case *ast.Ident:
		r.changeTruth(n)
	}
	return true
}

// negate: `if c` becomes `if (c) != mutated(7)`.
func (r *rewriter) negate(condition ast.Expr) {
	if condition == nil || r.isConstant(condition) {
		return
	}
	r.whole[ast.Unparen(condition)] = true
	k := r.add(condition, negation, "!("+r.source(condition)+")")
	r.wrap(condition, "(", ") != mutated("+k+")")
}

// negateCases negates the cases of a switch without a tag, each of which is a condition.
func (r *rewriter) negateCases(s *ast.SwitchStmt) {
	for _, clause := range s.Body.List {
		if s.Tag != nil {
			continue
		}
		for _, condition := range clause.(*ast.CaseClause).List {
			r.negate(condition)
		}
	}
}

// changeBinary returns false for a constant expression, in which nothing can be changed.
func (r *rewriter) changeBinary(n *ast.BinaryExpr) bool {
	if r.isConstant(n) {
		return false
	}
	with := func(op string) string { return r.source(n.X) + " " + op + " " + r.source(n.Y) }
	switch op := n.Op.String(); op {
	case "<", "<=", ">", ">=":
		swapped := map[string]string{"<": "<=", "<=": "<", ">": ">=", ">=": ">"}[op]
		helper := map[string]string{"<": "mutatedLess", "<=": "mutatedLessEqual", ">": "mutatedGreater",
			">=": "mutatedGreaterEqual"}[op]
		k := r.add(n, border, with(swapped))
		r.wrap(n, helper+"["+r.typeOf(n.X)+"]("+k+", ", ")")
		r.replace(n.OpPos, n.OpPos+token.Pos(len(op)), ",")
	case "==", "!=":
		if r.whole[n] {
			return true
		}
		k := r.add(n, equality, with(map[string]string{"==": "!=", "!=": "=="}[op]))
		r.wrap(n, "((", ") != mutated("+k+"))")
	// a || b is !(!a && !b): the code below is one operator without the mutant and the other with it, and
	// evaluates b no more often
	case "&&", "||":
		k := r.add(n, connective, with(map[string]string{"&&": "||", "||": "&&"}[op]))
		r.wrap(n, "((", ") != mutated("+k+"))")
		r.wrap(n.X, "((", ") != mutated("+k+"))")
		r.wrap(n.Y, "((", ") != mutated("+k+"))")
	case "+", "-":
		if r.isInteger(n) {
			k := r.add(n, sign, with(map[string]string{"+": "-", "-": "+"}[op]))
			r.wrap(n.Y, "mutatedSign["+r.typeOf(n)+"]("+k+", ", ")")
		}
	}
	return true
}

func (r *rewriter) changeSignOfAssignment(n *ast.AssignStmt) {
	swapped, ok := map[token.Token]string{token.ADD_ASSIGN: "-=", token.SUB_ASSIGN: "+="}[n.Tok]
	if ok && r.isInteger(n.Lhs[0]) {
		k := r.add(n, sign, r.source(n.Lhs[0])+" "+swapped+" "+r.source(n.Rhs[0]))
		r.wrap(n.Rhs[0], "mutatedSign["+r.typeOf(n.Lhs[0])+"]("+k+", ", ")")
	}
}

func (r *rewriter) changeExtreme(n *ast.CallExpr) {
	name, ok := n.Fun.(*ast.Ident)
	if !ok || r.isConstant(n) {
		return
	}
	builtin, ok := r.info.Uses[name].(*types.Builtin)
	if !ok || builtin.Name() != "min" && builtin.Name() != "max" {
		return
	}
	helper, swapped := "mutatedMin", "max"
	if builtin.Name() == "max" {
		helper, swapped = "mutatedMax", "min"
	}
	k := r.add(n, extreme, swapped+strings.TrimPrefix(r.source(n), builtin.Name()))
	r.replace(n.Pos(), n.Lparen+1, helper+"["+r.typeOf(n)+"]("+k+", ")
}

func (r *rewriter) changeNumber(n *ast.BasicLit) {
	other, ok := map[string]string{"0": "1", "1": "0"}[n.Value]
	if ok && r.isInteger(n) && !r.mustBeConstant(n) {
		k := r.addWithin(n, other)
		r.wrap(n, "mutatedBit["+r.typeOf(n)+"]("+k+", ", ")")
	}
}

func (r *rewriter) changeTruth(n *ast.Ident) {
	other, ok := map[types.Object]string{types.Universe.Lookup("true"): "false",
		types.Universe.Lookup("false"): "true"}[r.info.Uses[n]]
	if ok && !r.mustBeConstant(n) {
		r.wrap(n, "(", " != mutated("+r.addWithin(n, other)+"))")
	}
}

// mustBeConstant reports whether the language requires a constant at the place: a case of a switch with a
// tag, the index of an element of an array.
func (r *rewriter) mustBeConstant(n ast.Expr) bool {
	switch parent := r.parents[len(r.parents)-1].(type) {
	case *ast.CaseClause:
		for _, value := range parent.List {
			if value == n {
				return true
			}
		}
	case *ast.KeyValueExpr:
		return parent.Key == n
	}
	return false
}

// dropEach: `s` becomes `if !mutated(7) { s }`.
func (r *rewriter) dropEach(list []ast.Stmt) {
	for _, s := range list {
		if r.droppable(s) {
			k := r.add(s, drop, "")
			r.wrap(s, "if !mutated("+k+") { ", " }")
		}
	}
}

// droppable reports whether the program compiles without a statement, and is then a different one: not if it
// declares something, and not if its function ends there anyway.
func (r *rewriter) droppable(s ast.Stmt) bool {
	switch s := s.(type) {
	case *ast.AssignStmt:
		return s.Tok != token.DEFINE
	case *ast.ExprStmt, *ast.ReturnStmt:
		return !r.last[s] || !ends(s)
	case *ast.BranchStmt:
		return s.Tok == token.BREAK || s.Tok == token.CONTINUE
	case *ast.IncDecStmt:
		return true
	}
	return false
}

// ends reports whether a statement ends its function: a return, a panic.
func ends(s ast.Stmt) bool {
	call, ok := s.(*ast.ExprStmt)
	if !ok {
		return true
	}
	name, ok := call.X.(*ast.CallExpr).Fun.(*ast.Ident)
	return ok && name.Name == "panic"
}

// markLast marks the statements of a list after which the function ends. A function with results must have a
// return or a panic there; in one without (bare), a return there does nothing.
func (r *rewriter) markLast(list []ast.Stmt, bare bool) {
	if len(list) == 0 {
		return
	}
	s := list[len(list)-1]
	r.last[s] = true
	switch s := s.(type) {
	case *ast.BlockStmt:
		r.markLast(s.List, bare)
	case *ast.IfStmt:
		if s.Else != nil || bare {
			r.markLast([]ast.Stmt{s.Body}, bare)
		}
		if s.Else != nil {
			r.markLast([]ast.Stmt{s.Else}, bare)
		}
	case *ast.SwitchStmt:
		r.markLastOfClauses(s.Body, bare)
	case *ast.TypeSwitchStmt:
		r.markLastOfClauses(s.Body, bare)
	}
}

func (r *rewriter) markLastOfClauses(body *ast.BlockStmt, bare bool) {
	for _, clause := range body.List {
		r.markLast(clause.(*ast.CaseClause).Body, bare)
	}
}

// add puts a mutant on the list and returns its number.
func (r *rewriter) add(n ast.Node, by operator, after string) string {
	m := mutant{pkg: r.name, file: r.file, operator: by, before: r.source(n), after: after}
	m.line = r.fset.Position(n.Pos()).Line
	*r.found = append(*r.found, m)
	return fmt.Sprint(len(*r.found))
}

// addWithin adds a change of a constant. It shows the code around it, which says more than a 0.
func (r *rewriter) addWithin(n ast.Expr, other string) string {
	around := r.parents[len(r.parents)-1]
	from, to := r.offset(n.Pos()), r.offset(n.End())
	after := string(r.text[r.offset(around.Pos()):from]) + other + string(r.text[to:r.offset(around.End())])
	k := r.add(around, constant, oneLine(after))
	(*r.found)[len(*r.found)-1].line = r.fset.Position(n.Pos()).Line
	return k
}

func (r *rewriter) isConstant(e ast.Expr) bool { return r.info.Types[e].Value != nil }

func (r *rewriter) isInteger(e ast.Expr) bool {
	basic, ok := r.info.TypeOf(e).Underlying().(*types.Basic)
	return ok && basic.Info()&types.IsInteger != 0
}

// typeOf returns a type as the file may write it.
func (r *rewriter) typeOf(e ast.Expr) string {
	return types.TypeString(types.Default(r.info.TypeOf(e)), func(p *types.Package) string {
		if p == r.pkg {
			return ""
		}
		return p.Name()
	})
}

func (r *rewriter) source(n ast.Node) string {
	return oneLine(string(r.text[r.offset(n.Pos()):r.offset(n.End())]))
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

func (r *rewriter) offset(p token.Pos) int { return r.fset.Position(p).Offset }
