-- schema 0006

CREATE TABLE fitgap_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT fitgap_version_pkc PRIMARY KEY (version_num)
);

CREATE TABLE data_set (
	id INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	fingerprint TEXT NOT NULL, 
	example_count INTEGER NOT NULL, 
	target_kind TEXT NOT NULL, 
	input_names JSON NOT NULL, 
	target_names JSON NOT NULL, 
	class_names JSON NOT NULL, content BLOB, 
	PRIMARY KEY (id), 
	UNIQUE (fingerprint)
);

CREATE TABLE sweep (
	id INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	data_set_id INTEGER NOT NULL, 
	specification JSON NOT NULL, 
	created DOUBLE NOT NULL, 
	program_version TEXT NOT NULL, note TEXT, reference_id INTEGER, fitted DOUBLE, fit_rule INTEGER, reference_at TEXT, skill TEXT, test_result JSON, 
	PRIMARY KEY (id), 
	UNIQUE (name), 
	FOREIGN KEY(data_set_id) REFERENCES data_set (id)
);

CREATE TABLE split (
	sweep_id INTEGER NOT NULL, 
	repeat INTEGER NOT NULL, 
	training_count INTEGER NOT NULL, 
	validation_count INTEGER NOT NULL, 
	constant_columns JSON NOT NULL, 
	preprocessing JSON NOT NULL, constant_e_t DOUBLE, constant_e_v DOUBLE, constant_errors BLOB, validation_classes JSON, fingerprint TEXT, 
	PRIMARY KEY (sweep_id, repeat), 
	FOREIGN KEY(sweep_id) REFERENCES sweep (id) ON DELETE CASCADE
);

CREATE TABLE configuration (
	id INTEGER NOT NULL, 
	sweep_id INTEGER NOT NULL, 
	hash TEXT NOT NULL, 
	settings JSON NOT NULL, 
	architecture TEXT NOT NULL, 
	layers TEXT NOT NULL, 
	activation TEXT NOT NULL, 
	output_activation TEXT NOT NULL, 
	initializer TEXT NOT NULL, 
	regularizer TEXT NOT NULL, 
	optimizer TEXT NOT NULL, 
	schedule TEXT NOT NULL, 
	stopping TEXT NOT NULL, 
	loss TEXT NOT NULL, 
	learning_rate DOUBLE NOT NULL, 
	batch_size INTEGER NOT NULL, 
	planned_epochs INTEGER NOT NULL, 
	parameters INTEGER NOT NULL, excess DOUBLE, underfit DOUBLE, overfit DOUBLE, verdict TEXT, training_examples INTEGER, label_noise DOUBLE, variant TEXT, peers TEXT, proposal JSON, 
	PRIMARY KEY (id), 
	CONSTRAINT configuration_once_per_sweep UNIQUE (sweep_id, hash), 
	FOREIGN KEY(sweep_id) REFERENCES sweep (id) ON DELETE CASCADE
);

CREATE TABLE trial (
	id INTEGER NOT NULL, 
	sweep_id INTEGER NOT NULL, 
	configuration_id INTEGER NOT NULL, 
	repeat INTEGER NOT NULL, 
	status TEXT NOT NULL, 
	attempt INTEGER NOT NULL, 
	reason TEXT, 
	started DOUBLE, 
	ended DOUBLE, 
	epochs INTEGER, 
	e_t DOUBLE, 
	e_v DOUBLE, 
	best_epoch INTEGER, 
	best_e_t DOUBLE, 
	best_e_v DOUBLE, 
	accuracy_t DOUBLE, 
	accuracy_v DOUBLE, 
	seconds DOUBLE, 
	learned JSON, driver_id INTEGER REFERENCES driver (id), worker_failures INTEGER DEFAULT '0' NOT NULL, note TEXT, excess DOUBLE, underfit DOUBLE, overfit DOUBLE, verdict TEXT, honest_e_t DOUBLE, honest_e_v DOUBLE, balanced_accuracy_t DOUBLE, f1_macro_t DOUBLE, mae_t DOUBLE, rmse_t DOUBLE, balanced_accuracy_v DOUBLE, f1_macro_v DOUBLE, lowest_recall_v DOUBLE, roc_auc_v DOUBLE, log_loss_v DOUBLE, mae_v DOUBLE, rmse_v DOUBLE, best_accuracy_v DOUBLE, best_balanced_accuracy_v DOUBLE, best_f1_macro_v DOUBLE, best_lowest_recall_v DOUBLE, best_roc_auc_v DOUBLE, best_log_loss_v DOUBLE, best_mae_v DOUBLE, best_rmse_v DOUBLE, leg INTEGER, rank INTEGER, 
	PRIMARY KEY (id), 
	CONSTRAINT trial_once_per_repeat UNIQUE (configuration_id, repeat), 
	FOREIGN KEY(sweep_id) REFERENCES sweep (id) ON DELETE CASCADE, 
	FOREIGN KEY(configuration_id) REFERENCES configuration (id) ON DELETE CASCADE
);

CREATE TABLE epoch (
	trial_id INTEGER NOT NULL, 
	epoch INTEGER NOT NULL, 
	e_t DOUBLE, 
	e_v DOUBLE, 
	e_t_running DOUBLE, 
	se_t DOUBLE, 
	se_v DOUBLE, 
	accuracy_t DOUBLE, 
	accuracy_v DOUBLE, 
	learning_rate DOUBLE, 
	PRIMARY KEY (trial_id, epoch), 
	FOREIGN KEY(trial_id) REFERENCES trial (id) ON DELETE CASCADE
)
 WITHOUT ROWID;

CREATE TABLE snapshot (
	trial_id INTEGER NOT NULL, 
	epoch INTEGER NOT NULL, 
	content BLOB NOT NULL, 
	PRIMARY KEY (trial_id, epoch), 
	FOREIGN KEY(trial_id) REFERENCES trial (id) ON DELETE CASCADE
);

CREATE INDEX trial_by_status ON trial (sweep_id, status);

CREATE TABLE driver (
	id INTEGER NOT NULL, 
	machine TEXT NOT NULL, 
	process INTEGER NOT NULL, 
	process_started TEXT NOT NULL, 
	began DOUBLE NOT NULL, 
	lease_until DOUBLE NOT NULL, 
	ended DOUBLE, 
	lost DOUBLE, 
	environment JSON NOT NULL, 
	PRIMARY KEY (id)
);

CREATE TABLE state (
	trial_id INTEGER NOT NULL, 
	epoch INTEGER NOT NULL, 
	content BLOB NOT NULL, 
	PRIMARY KEY (trial_id), 
	FOREIGN KEY(trial_id) REFERENCES trial (id) ON DELETE CASCADE
);

CREATE INDEX trial_by_driver ON trial (driver_id, status);

CREATE TABLE evidence (
	trial_id INTEGER NOT NULL, 
	statistics JSON NOT NULL, 
	content BLOB NOT NULL, honest BLOB, 
	PRIMARY KEY (trial_id), 
	FOREIGN KEY(trial_id) REFERENCES trial (id) ON DELETE CASCADE
);

CREATE TABLE sweep_tag (
	sweep_id INTEGER NOT NULL, 
	tag TEXT NOT NULL, 
	PRIMARY KEY (sweep_id, tag), 
	FOREIGN KEY(sweep_id) REFERENCES sweep (id) ON DELETE CASCADE
);

CREATE TABLE trial_tag (
	trial_id INTEGER NOT NULL, 
	tag TEXT NOT NULL, 
	PRIMARY KEY (trial_id, tag), 
	FOREIGN KEY(trial_id) REFERENCES trial (id) ON DELETE CASCADE
);

CREATE TABLE confusion (
	trial_id INTEGER NOT NULL, 
	content BLOB NOT NULL, 
	PRIMARY KEY (trial_id), 
	FOREIGN KEY(trial_id) REFERENCES trial (id) ON DELETE CASCADE
);

CREATE TABLE class_count (
	trial_id INTEGER NOT NULL, 
	last JSON NOT NULL, 
	best JSON, 
	PRIMARY KEY (trial_id), 
	FOREIGN KEY(trial_id) REFERENCES trial (id) ON DELETE CASCADE
);

CREATE TABLE split_variant (
	sweep_id INTEGER NOT NULL, 
	repeat INTEGER NOT NULL, 
	variant TEXT NOT NULL, 
	training_count INTEGER NOT NULL, 
	constant_columns JSON NOT NULL, 
	preprocessing JSON NOT NULL, 
	constant_e_t DOUBLE, 
	constant_e_v DOUBLE, 
	constant_errors BLOB, 
	PRIMARY KEY (sweep_id, repeat, variant), 
	FOREIGN KEY(sweep_id) REFERENCES sweep (id) ON DELETE CASCADE
);

CREATE TABLE peer_reference (
	sweep_id INTEGER NOT NULL, 
	peers TEXT NOT NULL, 
	reference_id INTEGER, 
	reference_at TEXT, 
	skill TEXT, 
	PRIMARY KEY (sweep_id, peers), 
	FOREIGN KEY(sweep_id) REFERENCES sweep (id) ON DELETE CASCADE
);

