package study

import "raftplayground/wasm/contract"

// Serve answers a question of the page, StudyQuestion in web/src/study/study.ts with an id, by calls of post with JSON:
// any number of progress messages, then one answer. elapsed returns the seconds since the question was
// asked. A question that cannot be understood is answered by an error.
func Serve(question []byte, elapsed func() float64, post func(json []byte)) {
	var head contract.Head
	send := func(message contract.FromStudy) {
		text, err := contract.Write(message)
		if err != nil {
			// no number here is NaN or infinite
			panic("study: a message for the page cannot be written: " + err.Error())
		}
		post(text)
	}
	fail := func(err error) { send(contract.FromStudy{Answer: &contract.Answer{ID: head.ID, Error: err.Error()}}) }
	if err := contract.Codec.Unmarshal(question, &head); err != nil {
		fail(err)
		return
	}
	value, err := answer(head.Type, question, elapsed, func(fraction float64, words string, part any) {
		send(contract.FromStudy{
			Progress: &contract.Progress{ID: head.ID, Fraction: fraction, Words: words, Part: part},
		})
	})
	if err != nil {
		fail(err)
		return
	}
	send(contract.FromStudy{Answer: &contract.Answer{ID: head.ID, OK: true, Value: value}})
}

func answer(kind string, question []byte, elapsed func() float64, progress func(fraction float64, words string,
	part any)) (any, error) {
	switch kind {
	case "find":
		return ask(question, func(q FindQuestion) (any, error) { return Find(q, elapsed, progress) })
	case "compare":
		return ask(question, func(q CompareQuestion) (any, error) { return Compare(q, progress) })
	case "elections":
		return ask(question, func(q ElectionsQuestion) (any, error) { return Elections(q, progress) })
	case "history":
		return ask(question, func(q HistoryQuestion) (any, error) { return History(q, progress) })
	}
	return nil, unknown(kind)
}

// ask reads a question and returns its answer.
func ask[Q any](question []byte, answer func(Q) (any, error)) (any, error) {
	var q Q
	if err := contract.Codec.Unmarshal(question, &q); err != nil {
		return nil, err
	}
	return answer(q)
}

type unknown string

func (u unknown) Error() string {
	return "study: expected find, compare, elections or history, got " + string(u)
}
