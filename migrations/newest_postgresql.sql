-- schema 0006

CREATE TABLE fitgap_version (
    version_num VARCHAR(32) NOT NULL, 
    CONSTRAINT fitgap_version_pkc PRIMARY KEY (version_num)
);

CREATE TABLE data_set (
    id SERIAL NOT NULL, 
    name TEXT NOT NULL, 
    fingerprint TEXT NOT NULL, 
    example_count INTEGER NOT NULL, 
    target_kind TEXT NOT NULL, 
    input_names JSON NOT NULL, 
    target_names JSON NOT NULL, 
    class_names JSON NOT NULL, 
    PRIMARY KEY (id), 
    UNIQUE (fingerprint)
);

CREATE TABLE sweep (
    id SERIAL NOT NULL, 
    name TEXT NOT NULL, 
    data_set_id INTEGER NOT NULL, 
    specification JSON NOT NULL, 
    created DOUBLE PRECISION NOT NULL, 
    program_version TEXT NOT NULL, 
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
    preprocessing JSON NOT NULL, 
    PRIMARY KEY (sweep_id, repeat), 
    FOREIGN KEY(sweep_id) REFERENCES sweep (id) ON DELETE CASCADE
);

CREATE TABLE configuration (
    id SERIAL NOT NULL, 
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
    learning_rate DOUBLE PRECISION NOT NULL, 
    batch_size INTEGER NOT NULL, 
    planned_epochs INTEGER NOT NULL, 
    parameters INTEGER NOT NULL, 
    PRIMARY KEY (id), 
    CONSTRAINT configuration_once_per_sweep UNIQUE (sweep_id, hash), 
    FOREIGN KEY(sweep_id) REFERENCES sweep (id) ON DELETE CASCADE
);

CREATE TABLE trial (
    id SERIAL NOT NULL, 
    sweep_id INTEGER NOT NULL, 
    configuration_id INTEGER NOT NULL, 
    repeat INTEGER NOT NULL, 
    status TEXT NOT NULL, 
    attempt INTEGER NOT NULL, 
    reason TEXT, 
    started DOUBLE PRECISION, 
    ended DOUBLE PRECISION, 
    epochs INTEGER, 
    e_t DOUBLE PRECISION, 
    e_v DOUBLE PRECISION, 
    best_epoch INTEGER, 
    best_e_t DOUBLE PRECISION, 
    best_e_v DOUBLE PRECISION, 
    accuracy_t DOUBLE PRECISION, 
    accuracy_v DOUBLE PRECISION, 
    seconds DOUBLE PRECISION, 
    learned JSON, 
    PRIMARY KEY (id), 
    CONSTRAINT trial_once_per_repeat UNIQUE (configuration_id, repeat), 
    FOREIGN KEY(sweep_id) REFERENCES sweep (id) ON DELETE CASCADE, 
    FOREIGN KEY(configuration_id) REFERENCES configuration (id) ON DELETE CASCADE
);

CREATE TABLE epoch (
    trial_id INTEGER NOT NULL, 
    epoch INTEGER NOT NULL, 
    e_t DOUBLE PRECISION, 
    e_v DOUBLE PRECISION, 
    e_t_running DOUBLE PRECISION, 
    se_t DOUBLE PRECISION, 
    se_v DOUBLE PRECISION, 
    accuracy_t DOUBLE PRECISION, 
    accuracy_v DOUBLE PRECISION, 
    learning_rate DOUBLE PRECISION, 
    PRIMARY KEY (trial_id, epoch), 
    FOREIGN KEY(trial_id) REFERENCES trial (id) ON DELETE CASCADE
);

CREATE TABLE snapshot (
    trial_id INTEGER NOT NULL, 
    epoch INTEGER NOT NULL, 
    content BYTEA NOT NULL, 
    PRIMARY KEY (trial_id, epoch), 
    FOREIGN KEY(trial_id) REFERENCES trial (id) ON DELETE CASCADE
);

CREATE INDEX trial_by_status ON trial (sweep_id, status);

CREATE TABLE driver (
    id SERIAL NOT NULL, 
    machine TEXT NOT NULL, 
    process INTEGER NOT NULL, 
    process_started TEXT NOT NULL, 
    began DOUBLE PRECISION NOT NULL, 
    lease_until DOUBLE PRECISION NOT NULL, 
    ended DOUBLE PRECISION, 
    lost DOUBLE PRECISION, 
    environment JSON NOT NULL, 
    PRIMARY KEY (id)
);

CREATE TABLE state (
    trial_id INTEGER NOT NULL, 
    epoch INTEGER NOT NULL, 
    content BYTEA NOT NULL, 
    PRIMARY KEY (trial_id), 
    FOREIGN KEY(trial_id) REFERENCES trial (id) ON DELETE CASCADE
);

ALTER TABLE trial ADD COLUMN driver_id INTEGER REFERENCES driver (id);

ALTER TABLE trial ADD COLUMN losses INTEGER DEFAULT '0' NOT NULL;

CREATE INDEX trial_by_driver ON trial (driver_id, status);

CREATE TABLE evidence (
    trial_id INTEGER NOT NULL, 
    statistics JSON NOT NULL, 
    content BYTEA NOT NULL, 
    PRIMARY KEY (trial_id), 
    FOREIGN KEY(trial_id) REFERENCES trial (id) ON DELETE CASCADE
);

CREATE TABLE sweep_tag (
    sweep_id INTEGER NOT NULL, 
    tag TEXT NOT NULL, 
    PRIMARY KEY (sweep_id, tag), 
    FOREIGN KEY(sweep_id) REFERENCES sweep (id) ON DELETE CASCADE
);

ALTER TABLE sweep ADD COLUMN note TEXT;

CREATE TABLE trial_tag (
    trial_id INTEGER NOT NULL, 
    tag TEXT NOT NULL, 
    PRIMARY KEY (trial_id, tag), 
    FOREIGN KEY(trial_id) REFERENCES trial (id) ON DELETE CASCADE
);

ALTER TABLE trial ADD COLUMN note TEXT;

ALTER TABLE configuration ADD COLUMN excess DOUBLE PRECISION;

ALTER TABLE configuration ADD COLUMN underfit DOUBLE PRECISION;

ALTER TABLE configuration ADD COLUMN overfit DOUBLE PRECISION;

ALTER TABLE configuration ADD COLUMN verdict TEXT;

ALTER TABLE trial ADD COLUMN excess DOUBLE PRECISION;

ALTER TABLE trial ADD COLUMN underfit DOUBLE PRECISION;

ALTER TABLE trial ADD COLUMN overfit DOUBLE PRECISION;

ALTER TABLE trial ADD COLUMN verdict TEXT;

ALTER TABLE sweep ADD COLUMN reference_id INTEGER;

ALTER TABLE sweep ADD COLUMN fitted DOUBLE PRECISION;

ALTER TABLE sweep ADD COLUMN fit_rule INTEGER;

ALTER TABLE trial RENAME COLUMN losses TO worker_failures;

ALTER TABLE trial ADD COLUMN honest_e_t DOUBLE PRECISION;

ALTER TABLE trial ADD COLUMN honest_e_v DOUBLE PRECISION;

ALTER TABLE evidence ADD COLUMN honest BYTEA;

ALTER TABLE split ADD COLUMN constant_e_t DOUBLE PRECISION;

ALTER TABLE split ADD COLUMN constant_e_v DOUBLE PRECISION;

ALTER TABLE split ADD COLUMN constant_errors BYTEA;

ALTER TABLE split ADD COLUMN validation_classes JSON;

ALTER TABLE sweep ADD COLUMN reference_at TEXT;

ALTER TABLE sweep ADD COLUMN skill TEXT;

ALTER TABLE data_set ADD COLUMN content BYTEA;

ALTER TABLE trial ADD COLUMN balanced_accuracy_t DOUBLE PRECISION;

ALTER TABLE trial ADD COLUMN f1_macro_t DOUBLE PRECISION;

ALTER TABLE trial ADD COLUMN mae_t DOUBLE PRECISION;

ALTER TABLE trial ADD COLUMN rmse_t DOUBLE PRECISION;

ALTER TABLE trial ADD COLUMN balanced_accuracy_v DOUBLE PRECISION;

ALTER TABLE trial ADD COLUMN f1_macro_v DOUBLE PRECISION;

ALTER TABLE trial ADD COLUMN lowest_recall_v DOUBLE PRECISION;

ALTER TABLE trial ADD COLUMN roc_auc_v DOUBLE PRECISION;

ALTER TABLE trial ADD COLUMN log_loss_v DOUBLE PRECISION;

ALTER TABLE trial ADD COLUMN mae_v DOUBLE PRECISION;

ALTER TABLE trial ADD COLUMN rmse_v DOUBLE PRECISION;

ALTER TABLE trial ADD COLUMN best_accuracy_v DOUBLE PRECISION;

ALTER TABLE trial ADD COLUMN best_balanced_accuracy_v DOUBLE PRECISION;

ALTER TABLE trial ADD COLUMN best_f1_macro_v DOUBLE PRECISION;

ALTER TABLE trial ADD COLUMN best_lowest_recall_v DOUBLE PRECISION;

ALTER TABLE trial ADD COLUMN best_roc_auc_v DOUBLE PRECISION;

ALTER TABLE trial ADD COLUMN best_log_loss_v DOUBLE PRECISION;

ALTER TABLE trial ADD COLUMN best_mae_v DOUBLE PRECISION;

ALTER TABLE trial ADD COLUMN best_rmse_v DOUBLE PRECISION;

CREATE TABLE confusion (
    trial_id INTEGER NOT NULL, 
    content BYTEA NOT NULL, 
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

ALTER TABLE sweep ADD COLUMN test_result JSON;

ALTER TABLE split ADD COLUMN fingerprint TEXT;

ALTER TABLE configuration ADD COLUMN training_examples INTEGER;

ALTER TABLE configuration ADD COLUMN label_noise DOUBLE PRECISION;

ALTER TABLE configuration ADD COLUMN variant TEXT;

ALTER TABLE configuration ADD COLUMN peers TEXT;

CREATE TABLE split_variant (
    sweep_id INTEGER NOT NULL, 
    repeat INTEGER NOT NULL, 
    variant TEXT NOT NULL, 
    training_count INTEGER NOT NULL, 
    constant_columns JSON NOT NULL, 
    preprocessing JSON NOT NULL, 
    constant_e_t DOUBLE PRECISION, 
    constant_e_v DOUBLE PRECISION, 
    constant_errors BYTEA, 
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

ALTER TABLE configuration ADD COLUMN proposal JSON;

ALTER TABLE trial ADD COLUMN leg INTEGER;

ALTER TABLE trial ADD COLUMN rank INTEGER;

