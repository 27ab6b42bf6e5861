"""The keys of JSON rows that scripts rely on."""

# The keys of rows in `--format json`, in order; later additions are at the end.
CONTRACT = {
    "trial": """trial, configuration, repeat, status, architecture, layers, activation, regularizer, optimizer,
        learning_rate, batch_size, parameters, epochs, e_t, e_v, best_epoch, best_e_v, gap, underfit, overfit, verdict,
        accuracy_t, accuracy_v, seconds, excess, rise, tags, note, honest_e_v, training_examples, label_noise,
        balanced_accuracy_t, f1_macro_t, mae_t, rmse_t, balanced_accuracy_v, f1_macro_v, lowest_recall_v, roc_auc_v,
        log_loss_v, mae_v, rmse_v, best_accuracy_v, best_balanced_accuracy_v, best_f1_macro_v, best_lowest_recall_v,
        best_roc_auc_v, best_log_loss_v, best_mae_v, best_rmse_v""",
    "epoch": "trial, epoch, e_t, e_v, e_t_running, se_t, se_v, accuracy_t, accuracy_v, learning_rate",
    "sweep": """sweep, name, trials, pending, running, completed, diverged, pruned, failed, cancelled, created,
        tags, note""",
    "list": "name, parameters, description",
}
