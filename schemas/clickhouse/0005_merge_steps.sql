-- A writer inserts once a second, and a tenth of what it costs to store a row was writing it again: the engine merged five parts, the result
-- with the next five, and all that again. Of ten parts of about one size a row is written half as often.
ALTER TABLE ntk.access_results MODIFY SETTING merge_selector_base = 10;
